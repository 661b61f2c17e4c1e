import type { Server } from 'node:http';
import fastifyCookie from '@fastify/cookie';
import fastifyHelmet from '@fastify/helmet';
import fastifyRateLimit from '@fastify/rate-limit';
import fastifySwagger from '@fastify/swagger';
import fastifySwaggerUi from '@fastify/swagger-ui';
import fastifyWebsocket from '@fastify/websocket';
import { type FastifyReply, type FastifyRequest, type FastifyServerFactory, fastify } from 'fastify';
import { jsonSchemaTransform, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { errorAnswer } from '../wire/error.ts';
import { refuseUnread } from './client-error.ts';
import type { App, Deps, Routes } from './deps.ts';
import { errorAnswerOf, languageOf, Refused, refusalOf } from './errors.ts';
import { openLive } from './live.ts';
import { alertRoutes } from './routes/alert.ts';
import { areaRoutes } from './routes/area.ts';
import { healthRoutes } from './routes/health.ts';
import { householdRoutes, householdViewRoutes } from './routes/household.ts';
import { commandRoutes, hubRoutes } from './routes/hub.ts';
import { liveRoutes } from './routes/live.ts';
import { pauseRoutes } from './routes/pause.ts';
import { contactRoutes, residentRoutes } from './routes/person.ts';
import { registrationRoutes } from './routes/registration.ts';
import { logInRoutes, sessionRoutes } from './routes/session.ts';
import { systemRoutes } from './routes/system.ts';
import { userRoutes } from './routes/user.ts';
import { webhookRoutes } from './routes/webhook.ts';
import { guardRoutes } from './scope.ts';
import { serveScreens } from './screens.ts';

/** A fail-over takes longer than a person wants to wait and less than they would believe. */
const UNAVAILABLE_RETRY_S = 5;
const BODY_BYTES = 1024 * 1024;
const FRAME_BYTES = 64 * 1024;

const api: readonly Routes[] = [
  logInRoutes,
  sessionRoutes,
  userRoutes,
  areaRoutes,
  householdViewRoutes,
  householdRoutes,
  residentRoutes,
  contactRoutes,
  registrationRoutes,
  hubRoutes,
  commandRoutes,
  pauseRoutes,
  alertRoutes,
  webhookRoutes,
  systemRoutes,
  liveRoutes,
];

/** Scripts from here only; inline styles because the screens' components place things by them. */
const contentSecurityPolicy = {
  useDefaults: false,
  directives: {
    defaultSrc: ["'self'"],
    styleSrc: ["'self'", "'unsafe-inline'"],
    imgSrc: ["'self'", 'data:'],
    connectSrc: ["'self'", 'ws:', 'wss:'],
    objectSrc: ["'none'"],
    baseUri: ["'self'"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
  },
};

async function describeApi(app: App): Promise<void> {
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.1',
      info: {
        title: '守望 Shouwang',
        version: '1',
        description: 'Times are ms since 1970 UTC; durations name their unit.',
      },
      components: { securitySchemes: { session: { type: 'apiKey', in: 'cookie', name: 'shouwang-session' } } },
      security: [{ session: [] }],
    },
    transform: jsonSchemaTransform,
  });
  await app.register(fastifySwaggerUi, { routePrefix: '/api/docs' });
  app.get('/api/openapi.json', { config: { access: 'public' }, schema: { hide: true } }, async () => app.swagger());
}

/** No text that people write holds a NUL, and PostgreSQL keeps none: it is refused in words before it becomes a failure. */
function refuseNul(app: App): void {
  const nul = (path: string) => new Refused('invalid', [{ path, message: 'a NUL character cannot be kept' }]);
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body.includes('\\u0000')) done(nul('body'));
    else void parse(request, String(body), done);
  });
  app.addHook('onRequest', async ({ url }) => {
    if (url.includes('%00')) throw nul('url');
  });
}

type AnswerError = (err: unknown, request: FastifyRequest, reply: FastifyReply) => FastifyReply;

const answerError =
  ({ log }: Deps): AnswerError =>
  (err, request, reply) => {
    const refusal = refusalOf(err);
    const quote = request.id;
    if (!refusal || refusal.code === 'unavailable')
      log.error({ err, quote, route: request.routeOptions.url, method: request.method }, 'a request failed');
    const { status, answer } = errorAnswerOf(refusal, languageOf(request.headers['accept-language']), quote);
    if (refusal?.code === 'too_many_attempts') reply.header('retry-after', refusal.words.seconds);
    if (refusal?.code === 'unavailable') reply.header('retry-after', UNAVAILABLE_RETRY_S);
    return reply.status(status).header('vary', 'accept-language').send(answer);
  };

/**
 * The consoles and the API, ready to listen or to be injected into. Answers are typed by the wire's schemas when they are written and
 * parsed by them where they arrive, so that a busy server does not check each of them a third time.
 */
export async function buildServer(deps: Deps, serverFactory?: FastifyServerFactory<Server>): Promise<App> {
  const answer = answerError(deps);
  const app = fastify({
    bodyLimit: BODY_BYTES,
    trustProxy: 'loopback',
    requestTimeout: 30_000,
    exposeHeadRoutes: false,
    genReqId: () => crypto.randomUUID().slice(0, 8),
    clientErrorHandler: refuseUnread,
    // An address that cannot even be read comes to no route, and so to no handler of errors.
    frameworkErrors: answer,
    ...(serverFactory && { serverFactory }),
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(() => (answer) => JSON.stringify(answer));
  app.setErrorHandler(answer);
  refuseNul(app);

  await app.register(fastifyCookie);
  await app.register(fastifyHelmet, { contentSecurityPolicy, strictTransportSecurity: false });
  await app.register(fastifyRateLimit, { global: false });
  await app.register(fastifyWebsocket, { options: { maxPayload: FRAME_BYTES, perMessageDeflate: false } });
  guardRoutes(app, deps);
  app.addHook('onRoute', (route) => {
    if (route.url.startsWith('/api/') && route.schema?.response) {
      route.schema.response = { ...route.schema.response, '4xx': errorAnswer };
    }
  });
  await describeApi(app);

  const live = openLive(deps);
  app.addHook('preClose', () => live.stop());
  await app.register(
    async (scoped: App) => {
      for (const routes of api) routes(scoped, { ...deps, live });
      scoped.all('/*', { config: { access: 'public' }, schema: { hide: true } }, () => {
        throw new Refused('not_found');
      });
    },
    { prefix: '/api' },
  );
  healthRoutes(app, { ...deps, live });
  await serveScreens(app, deps.screens);
  return app;
}
