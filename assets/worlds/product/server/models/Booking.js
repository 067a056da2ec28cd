const mongoose = require('mongoose');

const bookingSchema = new mongoose.Schema(
  {
    client: { type: mongoose.Schema.Types.ObjectId, ref: 'User', required: true },
    coach: { type: mongoose.Schema.Types.ObjectId, ref: 'User', required: true },
    startsAt: { type: Date, required: true },
    minutes: { type: Number, default: 60 },
    priceInRappen: { type: Number, required: true },
    status: { type: String, enum: ['requested', 'confirmed', 'cancelled'], default: 'requested' },
    notes: String,
  },
  { timestamps: true },
);

module.exports = mongoose.model('Booking', bookingSchema);
