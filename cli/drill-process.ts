import { inputError, MusterError } from '../core/errors.ts';
import { planDrill } from '../engine/plan.ts';
import { sweptPlans } from '../engine/sweep-plans.ts';
import { errorOf, plannedText, tellOf, type FromDrill, type Job, type ToDrill } from './drill-messages.ts';
import { exitAtRest, goOnUnread } from './output.ts';
import { drillHere, providerFor } from './one-drill.ts';
import { registries } from './registries.ts';

// A process with one drill in it, of several side by side: what one of them computes must not keep the
// clients of another waiting. Muster tells it what to do. When Muster is gone, it heals, takes its stack
// down, and ends as well.
const stopping = new AbortController();
let over = false;

const tell = (message: FromDrill, then: () => void = () => undefined): void => {
  // Whom to tell may be gone.
  if (process.connected) process.send!(message, undefined, undefined, then);
  else then();
};

async function carryOut({ file, drill, planned, flags }: Job): Promise<void> {
  const say = (text: string): void => tell({ kind: 'progress', progress: { kind: 'line', text } });
  const provider = providerFor(flags, say);
  const plan = sweptPlans(
    await planDrill(file, registries, provider, { hostCommands: flags.allowHostCommands }),
  )[drill];
  if (!plan || plannedText(plan) !== planned)
    throw inputError(`${file} is not what it was when the drills began`, {
      expected: 'a scenario and a strategy that stay as they are while drills run',
      hint: 'run it again',
    });
  const { folder, code, error, kept } = await drillHere(
    plan,
    flags,
    provider,
    (progress) => tell({ kind: 'progress', progress }),
    stopping.signal,
  );
  end({ kind: 'ran', folder, code, error: error ? tellOf(error) : null, kept });
}

function end(message: FromDrill): void {
  over = true;
  // Whatever of a drill that was ended still hangs.
  tell(message, () => void exitAtRest());
}

goOnUnread();
// Ctrl-C in a terminal reaches the whole group: Muster says what it means.
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.on('SIGTERM', () => stopping.abort(new MusterError('interrupted', 'by SIGTERM')));
process.on('uncaughtException', (error) =>
  stopping.abort(new MusterError('internal', error.message, { cause: error })),
);
process.on('disconnect', () => {
  if (over) return;
  if (stopping.signal.aborted) process.exit();
  stopping.abort(new MusterError('interrupted', 'Muster is gone'));
});
process.on('message', (message: ToDrill) => {
  if (message.kind === 'interrupt') stopping.abort(errorOf(message.error));
  else carryOut(message.job).catch((error: unknown) => end({ kind: 'failed', error: tellOf(error) }));
});
