import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { failureOf } from '../../store/failure.ts';
import type { ErrorAnswer } from '../wire/error.ts';

/** Every error that a user can meet: its status, and a sentence that says what to do. `{…}` is filled in. */
const catalogue = {
  not_logged_in: { status: 401, zh: '请先登录。', en: 'Log in first.' },
  wrong_credentials: {
    status: 401,
    zh: '登录名或密码不对。请重试，或向系统负责人索取一次性登录链接。',
    en: "The login or the password is wrong. Try again, or ask the system's owner for a one-time link.",
  },
  link_used: {
    status: 401,
    zh: '此链接已用过或已过期。请向系统负责人索取新链接。',
    en: "This link has been used or has expired. Ask the system's owner for a new one.",
  },
  not_allowed: {
    status: 403,
    zh: '您的角色不能这样做；可以这样做的角色：{roles}。如有需要，请联系系统负责人。',
    en: "Your role may not do this; these may: {roles}. If you need it, ask the system's owner.",
  },
  wrong_origin: {
    status: 403,
    zh: '请求来自别的网站，已拒绝。请从守望自己的页面操作。',
    en: "The request came from another site and was refused. Use Shouwang's own pages.",
  },
  not_found: {
    status: 404,
    zh: '没有找到，或不在您的范围内。请检查地址，或返回列表。',
    en: 'There is no such thing, or it is outside your area. Check the address, or go back to the list.',
  },
  invalid: {
    status: 400,
    zh: '填写有误，请按各项提示更正。',
    en: 'Something is not filled in correctly; each detail says where and what is expected.',
  },
  malformed_json: {
    status: 400,
    zh: '请求体不是有效的 JSON。',
    en: 'The body is not valid JSON; correct it and send it again.',
  },
  bad_request: {
    status: 400,
    zh: '请求无法理解，请检查后重发。',
    en: 'The request cannot be understood; check it and send it again.',
  },
  unsupported_media_type: {
    status: 415,
    zh: '请以 application/json 发送。',
    en: 'Send the body as application/json.',
  },
  too_large: { status: 413, zh: '请求过大，请分批发送。', en: 'The body is too large; send it in parts.' },
  headers_too_large: {
    status: 431,
    zh: '请求头过大，请清除 Cookie 后重试。',
    en: 'The headers are too large; clear the cookies and try again.',
  },
  too_slow: { status: 408, zh: '请求超时，请重试。', en: 'The request took too long to arrive; send it again.' },
  too_many_attempts: {
    status: 429,
    zh: '尝试次数过多，请 {seconds} 秒后再试。',
    en: 'Too many attempts; try again in {seconds} s.',
  },
  client_id_taken: {
    status: 409,
    zh: '客户端标识已被使用，请更换后重新提交；本次没有登记任何住户。',
    en: 'A client identifier is taken; choose another and send it again. Nothing was registered.',
  },
  login_taken: { status: 409, zh: '登录名已被使用，请换一个。', en: 'This login is taken; choose another.' },
  already_taken: { status: 409, zh: '您已接手此警报。', en: 'You have this alert in hand already.' },
  already_closed: {
    status: 409,
    zh: '此警报已经关闭，请刷新查看。',
    en: 'This alert is closed already; look at it again.',
  },
  not_closed: {
    status: 409,
    zh: '此警报尚未关闭，不能重新打开。',
    en: 'This alert is not closed, so it cannot be reopened.',
  },
  taken_by_another: {
    status: 409,
    zh: '此警报已由他人接手，请刷新查看。',
    en: 'Somebody else has taken this alert; look at it again.',
  },
  newer_alert_open: {
    status: 409,
    zh: '同一事项已有新的警报，请处理新的警报。',
    en: 'A newer alert about the same matter is open; attend to that one.',
  },
  happened_again: {
    status: 409,
    zh: '您查看之后又发生了一次。请先查看，再关闭。',
    en: 'It happened again since you looked. Look at it before you close it.',
  },
  too_many_commands: {
    status: 409,
    zh: '已有太多消息在等待此网关，请待其上线后再试。',
    en: 'Too many messages wait for this hub already; try again when it has connected.',
  },
  screens_missing: {
    status: 503,
    zh: '页面尚未构建，请用 npm start 启动。',
    en: 'The screens have not been built; start with npm start.',
  },
  unavailable: {
    status: 503,
    zh: '数据库暂时没有响应，您的操作可能没有完成。系统会自动恢复，请稍后重试。',
    en: 'The database does not answer just now, and this may not have been done. Try again in a moment; it recovers by itself.',
  },
  unknown: {
    status: 500,
    zh: '系统出错，您的操作可能没有完成。请重试；若仍出错，请把编号 {quote} 告诉系统负责人。',
    en: "Something went wrong here, and it may not have been done. Try again; if it goes on, give the system's owner this number: {quote}",
  },
} as const satisfies Record<string, { status: number; zh: string; en: string }>;

export type ErrorCode = keyof typeof catalogue;
export type ErrorDetails = ErrorAnswer['details'];
export type Language = 'zh' | 'en';

/** A request that was refused for a reason in the catalogue. */
export class Refused extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;
  readonly words: Readonly<Record<string, string>>;
  constructor(code: ErrorCode, details: ErrorDetails = [], words: Readonly<Record<string, string>> = {}) {
    super(code);
    this.code = code;
    this.details = details;
    this.words = words;
  }
}

/** The first language of ours that the header names; Chinese when it names none. */
export function languageOf(acceptLanguage: string | undefined): Language {
  const named = (acceptLanguage ?? '').toLowerCase().match(/\b(zh|en)\b/);
  return named?.[1] === 'en' ? 'en' : 'zh';
}

/** What Fastify and its plugins call what we name otherwise. */
const known: Record<string, ErrorCode> = {
  FST_ERR_CTP_INVALID_JSON_BODY: 'malformed_json',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'malformed_json',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_BODY_TOO_LARGE: 'too_large',
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'too_slow',
};

type Coded = { readonly code?: unknown; readonly statusCode?: unknown };

/** What an error is in our words; whatever we have no word for is our own fault. */
export function refusalOf(error: unknown): Refused | null {
  if (error instanceof Refused) return error;
  if (hasZodFastifySchemaValidationErrors(error)) {
    const details = error.validation.map(({ instancePath, message }) => ({
      path: instancePath.split('/').filter(Boolean).join('.'),
      message: message ?? '',
    }));
    return new Refused('invalid', details);
  }
  const { code, statusCode } = (error ?? {}) as Coded;
  const word = known[String(code)] ?? (failureOf(error) === 'unavailable' ? 'unavailable' : undefined);
  if (word) return new Refused(word);
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500 ? new Refused('bad_request') : null;
}

/** The answer to a refusal; without one, to an error of ours that `quote` finds again in the log. */
export function errorAnswerOf(
  refusal: Refused | null,
  language: Language,
  quote: string,
): { readonly status: number; readonly answer: ErrorAnswer } {
  const code = refusal?.code ?? 'unknown';
  const words: Readonly<Record<string, string>> = { quote, ...refusal?.words };
  const { status, [language]: sentence } = catalogue[code];
  const message = sentence.replace(/\{(\w+)\}/g, (_, word: string) => words[word] ?? '');
  return { status, answer: { code, message, details: refusal?.details ?? [] } };
}
