const prefix = "user:";

/** Names the account of a user of a tracked product, whichever that is: the store puts the account there once it is known. */
export function accountOfUser(user: string): string {
  return `${prefix}${user}`;
}

/** The user whose account is named so; null for the name of an account. */
export function userOfAccount(name: string): string | null {
  return name.startsWith(prefix) ? name.slice(prefix.length) : null;
}
