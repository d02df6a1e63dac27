export const exitHelp = `
Exit codes:
    0  every objective met, every check passed
    1  an objective missed, or a check failed
    2  inconclusive: something was not measured
   64  the input is wrong
   69  the environment is not there
   70  Muster itself broke
  130  interrupted`;

/** Of a command that breaks nothing and judges nothing. */
export const plainExitHelp = (...meanings: [code: string, meaning: string][]): string =>
  `\nExit codes:\n${meanings.map(([code, meaning]) => `  ${code.padStart(3)}  ${meaning}`).join('\n')}`;
export const wrongInput: [string, string] = ['64', 'the input is wrong'];
export const noEngine: [string, string] = ['69', 'the environment is not there'];
export const examples = (...lines: string[]): string =>
  `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}\n`;
