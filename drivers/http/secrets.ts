import { inputError } from '../../core/errors.ts';
import type { HttpConfig } from './shape.ts';
import { namesIn, type Values } from './template.ts';

const prefix = 'secret.';

/** Every secret that the configuration names, as templates name it. Throws an input error for one unknown. */
export function secretsOf(config: HttpConfig, secret: (name: string) => string): Values {
  const { auth } = config;
  const inTemplates = namesIn(config)
    .filter(({ name }) => name.startsWith(prefix))
    .map(({ name }) => name.slice(prefix.length));
  const inHeaders = [
    ...(auth && 'bearer' in auth ? [auth.bearer] : []),
    ...(auth && 'basic' in auth ? [auth.basic.password] : []),
  ];
  for (const name of inHeaders)
    if (/[\r\n\0]/.test(secret(name)))
      throw inputError(`the secret ${name} has a line break in it`, {
        expected: 'one line: it is sent in a header',
      });
  return Object.fromEntries([...inTemplates, ...inHeaders].map((name) => [`${prefix}${name}`, secret(name)]));
}
