// server/worker.js
require('dotenv').config();

const { Worker } = require('bullmq');
const IORedis = require('ioredis');
const mongoose = require('mongoose');

const Booking = require('./models/Booking');

const connection = new IORedis(process.env.REDIS_URL, { maxRetriesPerRequest: null });

const worker = new Worker(
  'reminders',
  async (job) => {
    const booking = await Booking.findById(job.data.booking).populate('client');
    if (!booking || booking.status !== 'confirmed') return;
    console.log(`Reminder due for booking ${booking.id}`);
  },
  { connection },
);

worker.on('failed', (job, error) => console.error(`Job ${job && job.id} failed`, error));

mongoose
  .connect(process.env.DATABASE_URL)
  .then(() => console.log(`Worker ready in ${process.env.ENVIRONMENT_NAME || 'local'}`))
  .catch((error) => console.error('The database does not answer', error));
