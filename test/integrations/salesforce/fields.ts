/** A custom field. */
export interface CustomField {
  readonly externalId: boolean;
  readonly updateable?: boolean;
}

/** Fields of the objects, custom ones aside. */
const standard: Readonly<Record<string, string>> = {
  User: "Name Email UserType",
  Account: "IsDeleted MasterRecordId Name OwnerId ParentId Website Industry BillingCountry Type LastModifiedById",
  Contact: "IsDeleted AccountId Name Email Title",
  Opportunity: "IsDeleted AccountId Name StageName Amount CloseDate IsClosed IsWon Type LastStageChangeDate",
  Case: "IsDeleted AccountId Subject Status Priority IsClosed ClosedDate IsEscalated",
  Task: "IsDeleted Subject Description Status IsClosed CompletedDateTime ActivityDate WhatId OwnerId",
};

/** What the integration user sees. Fields are named as `Account.Industry`, objects as `Case`. */
export interface Visibility {
  readonly hidden: Set<string>;
  readonly custom: Map<string, CustomField>;
}

export function isVisible({ hidden }: Visibility, object: string): boolean {
  return standard[object] !== undefined && !hidden.has(object);
}

export function visibleFields({ hidden, custom }: Visibility, object: string): readonly string[] {
  const own = [...custom.keys()]
    .filter((name) => name.startsWith(`${object}.`))
    .map((name) => name.slice(object.length + 1));
  const names = ["Id", "CreatedDate", "SystemModstamp", ...(standard[object] ?? "").split(" "), ...own];
  return names.filter((name) => !hidden.has(`${object}.${name}`));
}
