import * as z from 'zod';

/** A JSON Schema as far as ours go; everything stands where it is used, nothing is referred to. */
export type Schema = {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly propertyNames?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema | boolean;
  readonly prefixItems?: readonly Schema[];
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly format?: string;
  readonly pattern?: string;
};

type Content = { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> };
type Described = {
  readonly requestBody?: Content;
  readonly parameters?: readonly { readonly in: 'path' | 'query'; readonly name: string; readonly schema: Schema }[];
  readonly responses: Readonly<Record<string, Content>>;
};
export type ApiDocument = { readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>> };

export type Operation = {
  readonly method: string;
  readonly path: string;
  readonly body: Schema | null;
  readonly query: readonly { readonly name: string; readonly schema: Schema }[];
  /** What is wrong with an answer by the document; null when it is as described. */
  readonly complaint: (status: number, body: string, contentType: string) => string | null;
};

type Check = (body: string, contentType: string) => string | null;

function checkOf(schema: Schema | undefined): Check {
  if (!schema) return (body) => (body === '' ? null : 'has a body that is not described');
  // Ours are written by zod from its own schemas; read back from the document, they are what a client would hold an answer against.
  const described = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);
  return (body, contentType) => {
    if (!contentType.startsWith('application/json')) return `is ${contentType || 'of no type'} and not JSON`;
    let value: unknown;
    try {
      value = JSON.parse(body);
    } catch {
      return 'is no JSON';
    }
    const parsed = described.safeParse(value);
    return parsed.success ? null : z.prettifyError(parsed.error).replaceAll('\n', ' ').slice(0, 300);
  };
}

/** Every operation that the document describes. */
export function operationsOf({ paths }: ApiDocument): Operation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { requestBody, parameters = [], responses }]): Operation => {
      const checks = new Map(
        Object.entries(responses).map(([status, { content }]) => [
          status,
          checkOf(content?.['application/json']?.schema),
        ]),
      );
      return {
        method: method.toUpperCase(),
        path,
        body: requestBody?.content?.['application/json']?.schema ?? null,
        query: parameters.filter((parameter) => parameter.in === 'query'),
        complaint(status, body, contentType) {
          const check = checks.get(String(status)) ?? checks.get(`${Math.floor(status / 100)}XX`);
          return check ? check(body, contentType) : `answers ${status}, which is not described`;
        },
      };
    }),
  );
}
