const mongoose = require('mongoose');

const reviewSchema = new mongoose.Schema(
  {
    client: { type: mongoose.Schema.Types.ObjectId, ref: 'User', required: true },
    coach: { type: mongoose.Schema.Types.ObjectId, ref: 'User', required: true },
    stars: { type: Number, min: 1, max: 5, required: true },
    text: String,
  },
  { timestamps: true },
);

module.exports = mongoose.model('Review', reviewSchema);
