import { expect, test } from 'vitest';
import { stateIn } from '../../../drivers/mysql/scratch-server.ts';

const uuid = '6cf9379d-eba1-11f1-9124-0242c0a88006';

test('what the server of a restore says of itself is taken apart, a set of GTIDs over several lines too', () => {
  const gtids = `${uuid}:1-705,\n7cf9379d-eba1-11f1-9124-0242c0a88006:1-3`;
  expect(stateIn(`${uuid}\nInnodb_redo_log_enabled\tON\n${gtids}`)).toEqual({
    uuid,
    redoLog: 'ON',
    executed: gtids.replace('\n', ''),
  });
  // The end of what the client writes is cut off, and with it the line of a set that is empty.
  expect(stateIn(`${uuid}\nInnodb_redo_log_enabled\tOFF`)).toEqual({ uuid, redoLog: 'OFF', executed: '' });
});

test('of a server that said nothing nothing is known, least of all that its redo log is on', () => {
  expect(stateIn('')).toEqual({ uuid: '', redoLog: '', executed: '' });
});
