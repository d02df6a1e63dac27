import { z } from 'zod';

export const configSchema = z.strictObject({
  path: z
    .string()
    .regex(/^(\/[^/\s?#]+)*$/, { error: 'a path such as /auth, without a slash at its end' })
    .default('')
    .describe('What stands before every path of the service'),
  tls: z
    .strictObject({
      name: z.string().min(1).describe('The name that the certificate must be for'),
      caFrom: z.string().min(1).describe("Secret that holds the authority's certificate, PEM"),
    })
    .optional()
    .describe('Without it, plain HTTP'),
  adminTokenFrom: z
    .string()
    .min(1)
    .describe('Secret that holds the token for seeding and invalidating sessions'),
  users: z.int().min(1).max(1_000_000).default(1000).describe('How many users are seeded, numbered from 0'),
  sample: z.int().min(1).default(200).describe('How many of them the check `logins` tries'),
});

export type LoginConfig = z.output<typeof configSchema>;
