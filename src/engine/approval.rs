//! What may be approved without a person looking, by `--yes` and by typed words given up front.

use crate::plan::{Row, RowId};
use crate::price::Total;

/// Splits a plan's rows into those that `--yes` and the given words approve, and those that want a person. The paid
/// rows that may be approved so are approved together, by their total among the words; `launch` is the launch's name.
pub fn by_flags(rows: &[Row], yes: bool, words: &[String], launch: &str) -> (Vec<RowId>, Vec<Row>) {
    let allowed = rows.iter().filter(|row| is_allowed(row, yes, words));
    let paid = Total::of(allowed).is_none_or(|total| words.contains(&total.word(launch)));
    let (allowed, rest): (Vec<&Row>, Vec<&Row>) = rows
        .iter()
        .partition(|row| is_allowed(row, yes, words) && (row.price.is_none() || paid));
    (
        allowed.into_iter().map(Row::id).collect(),
        rest.into_iter().cloned().collect(),
    )
}

fn is_allowed(row: &Row, yes: bool, words: &[String]) -> bool {
    match &row.confirm {
        Some(word) => words.contains(word),
        None => yes && !row.wants_a_person(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{ItemId, Sign, Undo};

    fn row() -> Row {
        Row::new(
            &ItemId::new("1.branch-staging"),
            "create",
            Sign::Create,
            "branch staging",
        )
    }

    #[test]
    fn yes_approves_what_is_free_and_can_be_taken_back() {
        let rows = [
            row(),
            Row {
                undo: Undo::Restorable,
                ..row()
            },
            Row {
                undo: Undo::OneWay,
                confirm: Some("bondigoo-staging".into()),
                ..row()
            },
            Row {
                not_made_by_golive: true,
                ..row()
            },
            Row {
                restores_drift: true,
                ..row()
            },
            Row {
                sign: Sign::Remove,
                ..row()
            },
        ];
        assert_eq!(by_flags(&rows, true, &[], "shop").1.len(), 4);
        assert_eq!(
            by_flags(&rows, true, &["bondigoo-staging".into()], "shop")
                .1
                .len(),
            3
        );
        assert_eq!(by_flags(&rows, false, &[], "shop").1.len(), 6);
    }

    #[test]
    fn paid_rows_want_their_total_typed_and_nothing_less() {
        let paid = Row {
            price: Some(crate::price::Price::Monthly(700)),
            ..row()
        };
        let rows = [row(), paid.clone(), paid];
        let left = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| word.to_string()).collect();
            by_flags(&rows, true, &words, "shop").1.len()
        };
        assert_eq!([left(&[]), left(&["7.00"]), left(&["14.00"])], [2, 2, 0]);
    }

    #[test]
    fn a_paid_row_that_wants_a_person_is_not_part_of_the_total_that_approves_the_others() {
        let paid = Row {
            price: Some(crate::price::Price::Monthly(700)),
            ..row()
        };
        let theirs = Row {
            not_made_by_golive: true,
            ..paid.clone()
        };
        let (allowed, rest) = by_flags(&[paid, theirs], true, &["7.00".into()], "shop");
        assert_eq!((allowed.len(), rest.len()), (1, 1));
    }

    #[test]
    fn a_paid_row_that_is_one_way_has_its_word_in_the_total() {
        let cluster = Row {
            undo: Undo::OneWay,
            price: Some(crate::price::Price::Unknown),
            ..row()
        };
        let rows = [cluster];
        let left = |words: &[String]| by_flags(&rows, true, words, "shop").1.len();
        assert_eq!((left(&[]), left(&["shop".into()])), (1, 0));
    }
}
