import { connect } from 'node:net';
import type { Endpoint } from '../../core/service.ts';

/** Whether Redis answers a PING there before the deadline. */
export const pings = (endpoint: Endpoint, deadlineMs = 1_000): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(endpoint.port, endpoint.host, () => socket.write('PING\r\n'));
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket
      .once('data', (data) => end(data.toString() === '+PONG\r\n'))
      .once('error', () => end(false))
      .once('close', () => end(false))
      .setTimeout(deadlineMs, () => end(false));
  });
