const mongoose = require('mongoose');

const userSchema = new mongoose.Schema(
  {
    firstName: { type: String, required: true },
    lastName: { type: String, required: true },
    email: { type: String, required: true, unique: true, lowercase: true },
    password: { type: String, required: true, select: false },
    phoneNumber: String,
    role: { type: String, enum: ['client', 'coach', 'admin'], default: 'client' },
    bio: String,
    stripeCustomerId: String,
    stripeConnectAccountId: String,
  },
  { timestamps: true },
);

module.exports = mongoose.model('User', userSchema);
