// server/server.js
require('dotenv').config();

const express = require('express');
const cors = require('cors');
const helmet = require('helmet');
const mongoose = require('mongoose');
const Stripe = require('stripe');

const User = require('./models/User');
const Message = require('./models/Message');
const Booking = require('./models/Booking');
const Review = require('./models/Review');

const app = express();
const stripe = new Stripe(process.env.STRIPE_SECRET_KEY || 'sk_test_unset');
const port = process.env.PORT || 5000;

const corsOptions = {
  origin: 'http://localhost:3000',
  methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
  allowedHeaders: ['Content-Type', 'Authorization'],
  credentials: true,
};

app.use(helmet());
app.use(cors(corsOptions));
app.use(express.json({ limit: '1mb' }));

app.get(['/health', '/api/health'], (req, res) => {
  res.json({
    status: 'ok',
    environment: process.env.ENVIRONMENT_NAME || 'local',
    database: mongoose.connection.readyState === 1 ? 'connected' : 'disconnected',
  });
});

app.get('/api/coaches', async (req, res, next) => {
  try {
    const coaches = await User.find({ role: 'coach' }).select('firstName lastName bio').lean();
    res.json(coaches);
  } catch (error) {
    next(error);
  }
});

app.get('/api/coaches/:id/reviews', async (req, res, next) => {
  try {
    res.json(await Review.find({ coach: req.params.id }).sort('-createdAt').lean());
  } catch (error) {
    next(error);
  }
});

app.post('/api/bookings', async (req, res, next) => {
  try {
    const booking = await Booking.create(req.body);
    const payment = await stripe.paymentIntents.create({
      amount: booking.priceInRappen,
      currency: 'chf',
      metadata: { booking: booking.id },
    });
    res.status(201).json({ booking: booking.id, clientSecret: payment.client_secret });
  } catch (error) {
    next(error);
  }
});

app.post('/api/messages', async (req, res, next) => {
  try {
    res.status(201).json(await Message.create(req.body));
  } catch (error) {
    next(error);
  }
});

app.use((req, res) => {
  res.status(404).json({ message: 'Not found' });
});

app.use((error, req, res, next) => {
  console.error(error);
  res.status(error.status || 500).json({ message: 'Something went wrong' });
});

mongoose
  .connect(process.env.DATABASE_URL)
  .then(() => console.log('Connected to the database'))
  .catch((error) => console.error('The database does not answer', error));

app.listen(port, () => console.log(`Listening on ${port}`));

module.exports = app;
