import type { StreamKind } from "../../scoring/records.ts";
import type { SalesforceSettings } from "./settings.ts";

/** A sort of object that is pulled, and what is asked of it. */
export interface PulledObject {
  /** The stream's name. */
  readonly stream: string;
  /** Salesforce's name of it. */
  readonly object: string;
  readonly feeds: readonly StreamKind[];
  /** Fields without which nothing can be said. */
  readonly required: readonly string[];
  /** Fields that are asked for where the user sees them. */
  readonly optional: readonly string[];
  /** Fields that sources.json names: not to see one is a fault. */
  readonly configured: readonly string[];
  /** A further condition in SOQL. */
  readonly where: string | null;
  /** Also what is in the recycle bin. */
  readonly withDeleted: boolean;
  /** What a message must say of it to be applied without asking for the rest. */
  readonly enough: readonly string[];
  /** Whether we write such objects, so that their messages may be echoes. */
  readonly isWritten: boolean;
}

const always = ["Id", "SystemModstamp"];
const deletable = [...always, "IsDeleted", "CreatedDate"];

/** What is pulled, accounts before what belongs to them. */
export function pulledObjects(settings: SalesforceSettings): readonly PulledObject[] {
  const { skip, tasks } = settings;
  const wanted: PulledObject[] = [owners, accounts(settings)];
  if (!skip.includes("contacts")) wanted.push(contacts);
  if (!skip.includes("opportunities")) wanted.push(opportunities);
  if (!skip.includes("cases")) wanted.push(cases(settings));
  if (tasks !== undefined) wanted.push(ownTasks(tasks.keyField));
  return wanted;
}

const owners: PulledObject = {
  stream: "owners",
  object: "User",
  feeds: [],
  required: [...always, "Name"],
  optional: ["Email"],
  configured: [],
  // Portal and community users own no accounts.
  where: "UserType = 'Standard'",
  withDeleted: false,
  enough: ["Name", "Email"],
  isWritten: false,
};

function accounts({ account, onlyAccounts }: SalesforceSettings): PulledObject {
  const { fields, ...named } = account;
  const configured = [...Object.values(named), ...Object.values(fields), onlyAccounts?.field].filter(
    (field) => field !== undefined,
  );
  return {
    stream: "accounts",
    object: "Account",
    feeds: ["account"],
    required: [...deletable, "Name"],
    optional: ["MasterRecordId", "OwnerId", "ParentId", "Website", "Industry", "BillingCountry"],
    configured,
    where: null,
    withDeleted: true,
    // By what an account is known, and what is ours to say of it.
    enough: ["Name", "OwnerId", "Website", ...configured],
    isWritten: true,
  };
}

const contacts: PulledObject = {
  stream: "contacts",
  object: "Contact",
  feeds: ["contact"],
  required: [...deletable, "AccountId", "Name"],
  optional: ["Email", "Title"],
  configured: [],
  where: null,
  withDeleted: true,
  enough: ["AccountId", "Name", "Email"],
  isWritten: false,
};

const opportunities: PulledObject = {
  stream: "opportunities",
  object: "Opportunity",
  feeds: ["opportunity"],
  required: [...deletable, "AccountId", "IsClosed", "IsWon"],
  optional: ["Name", "Amount", "CurrencyIsoCode", "CloseDate", "LastStageChangeDate", "Type"],
  configured: [],
  where: null,
  withDeleted: true,
  enough: ["AccountId", "Amount", "CloseDate", "IsClosed", "IsWon"],
  isWritten: false,
};

function cases({ caseFirstResponse }: SalesforceSettings): PulledObject {
  return {
    stream: "cases",
    object: "Case",
    feeds: ["ticket"],
    required: [...deletable, "AccountId", "IsClosed", "Status"],
    optional: ["Subject", "Priority", "ClosedDate", "IsEscalated"],
    configured: caseFirstResponse === undefined ? [] : [caseFirstResponse],
    where: null,
    withDeleted: true,
    enough: ["AccountId", "CreatedDate", "IsClosed", "Status", "Priority"],
    isWritten: false,
  };
}

/** Only those that we put there. */
function ownTasks(keyField: string): PulledObject {
  return {
    stream: "tasks",
    object: "Task",
    feeds: [],
    required: [...deletable, "IsClosed", "Status"],
    optional: ["CompletedDateTime"],
    configured: [keyField],
    where: `${keyField} != null`,
    withDeleted: true,
    enough: [keyField, "IsClosed", "Status"],
    isWritten: true,
  };
}
