import type { z } from 'zod';
import { checkJourney } from './config-journeys.ts';
import { checkRequest, checkSteps, type Told } from './names.ts';
import type { HttpConfig, JourneyShape } from './shape.ts';

export function checkNames(config: HttpConfig, context: z.RefinementCtx): void {
  const told: Told = {
    unknown: (path, found, among) =>
      context.addIssue({
        code: 'custom',
        message: `nothing gives {{${found}}} a value here`,
        path,
        params: { onKey: true, found, among },
      }),
    wrong: (path, message) => context.addIssue({ code: 'custom', message, path }),
  };
  const login = config.auth && 'login' in config.auth ? config.auth : null;
  const session = login ? checkSteps(told, login.login, ['auth', 'login'], []) : [];
  if (login) checkRequest(told, { headers: login.headers }, ['auth'], session);
  checkRequest(told, { headers: config.headers }, [], []);
  checkRequest(told, config.ready, ['ready'], session);
  const known = [...session, ...checkSteps(told, config.setup, ['setup'], session)];
  for (const [name, probe] of Object.entries(config.probes))
    checkSteps(told, probe, ['probes', name], [...known, 'sample']);
  for (const [name, steps] of Object.entries(config.calls)) checkSteps(told, steps, ['calls', name], known);
  for (const [name, journey] of Object.entries(config.journeys))
    checkJourney(told, journey, ['journeys', name], known);
  oneMind(told, Object.entries(config.journeys));
}

/** Journeys of a component share a load, of which it is said once whether what was removed may be back. */
function oneMind(told: Told, journeys: [string, JourneyShape][]): void {
  const [first, ...others] = journeys;
  for (const [name, { neverReturn }] of others)
    if (neverReturn !== first![1].neverReturn)
      told.wrong(
        ['journeys', name, 'neverReturn'],
        `${String(first![1].neverReturn)}, as in ${first![0]}: put journeys that differ into components of their own`,
      );
}
