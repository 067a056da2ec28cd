import React, { useEffect, useState } from 'react';
import { API_URL, LAUNCHED } from './config';

export default function App() {
  const [coaches, setCoaches] = useState([]);
  const [problem, setProblem] = useState('');

  useEffect(() => {
    fetch(`${API_URL}/api/coaches`, { credentials: 'include' })
      .then((reply) => reply.json())
      .then(setCoaches)
      .catch(() => setProblem('The coaches cannot be shown right now.'));
  }, []);

  return (
    <main>
      <h1>Find your coach</h1>
      {!LAUNCHED && <p>We open soon.</p>}
      {problem && <p role="alert">{problem}</p>}
      <ul>
        {coaches.map((coach) => (
          <li key={coach._id}>
            {coach.firstName} {coach.lastName}
          </li>
        ))}
      </ul>
    </main>
  );
}
