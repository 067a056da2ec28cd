const host = window.location.hostname;

export const API_URL = host === 'localhost' ? 'http://localhost:5000' : `https://api.${host.replace(/^www\./, '')}`;
export const STRIPE_KEY = process.env.REACT_APP_STRIPE_PKEY;
export const LAUNCHED = process.env.REACT_APP_LAUNCHED === 'true';
