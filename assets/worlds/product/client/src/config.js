export const API_URL = process.env.REACT_APP_API_URL || 'http://localhost:5000';
export const STRIPE_KEY = process.env.REACT_APP_STRIPE_PKEY;
export const LAUNCHED = process.env.REACT_APP_LAUNCHED === 'true';
