// The same script for k6: one request, two checks.
import http from 'k6/http';
import { check } from 'k6';

export default function () {
  const answer = http.get(__ENV.URL);
  check(answer, {
    'status is 200': (r) => r.status === 200,
    'has a body': (r) => r.body.length > 10,
  });
}
