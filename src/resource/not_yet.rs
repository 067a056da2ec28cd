//! Holds the place of resources that are being written on their own branches.

macro_rules! not_yet {
    ($name:ident) => {
        impl super::Resource for $name {
            type Seen = ();
            type Change = super::not_yet::Never;

            async fn observe(&self, _cx: &super::Cx<'_>) -> super::Look<()> {
                Ok(())
            }

            fn plan(
                &self,
                _known: &super::Known,
                _seen: &(),
            ) -> crate::plan::Plan<super::not_yet::Never> {
                crate::plan::Plan::Settled(crate::plan::Evidence::new(""))
            }

            async fn apply(
                &self,
                _cx: &super::Cx<'_>,
                change: &super::not_yet::Never,
            ) -> Result<super::Applied, crate::provider::http::CallError> {
                match *change {}
            }

            fn outputs(&self, _seen: &()) -> crate::plan::Outputs {
                crate::plan::Outputs::new()
            }
        }
    };
}
pub(super) use not_yet;

#[derive(Clone, Copy)]
pub enum Never {}

impl crate::plan::Change for Never {
    fn row(&self, _item: &crate::plan::ItemId) -> crate::plan::Row {
        match *self {}
    }
}
