/** What the fake answers. */
export interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Errors of the data API are lists. */
export function failed(status: number, errorCode: string, message: string): Reply {
  return { status, body: [{ message, errorCode }] };
}

/** Errors of the login are objects. */
export function loginFailed(error: string, description: string): Reply {
  return { status: 400, body: { error, error_description: description } };
}

export const expired: Reply = failed(401, "INVALID_SESSION_ID", "Session expired or invalid");
