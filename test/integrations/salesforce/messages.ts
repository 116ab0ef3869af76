import { organizationId } from "./fake.ts";

export interface MessageParts {
  readonly organization?: string;
  readonly notifications: readonly {
    readonly id: string;
    readonly object: string;
    readonly fields: Readonly<Record<string, string | null>>;
  }[];
  readonly sessionId?: string;
}

/** An outbound message as Salesforce writes it, by hand: text is escaped, null is `xsi:nil`. */
export function messageOf({ organization = `${organizationId}AAA`, notifications, sessionId }: MessageParts): string {
  const session = sessionId === undefined ? '<SessionId xsi:nil="true"/>' : `<SessionId>${sessionId}</SessionId>`;
  const bodies = notifications.map(({ id, object, fields }) => {
    const parts = Object.entries(fields).map(([name, value]) =>
      value === null ? `<sf:${name} xsi:nil="true"/>` : `<sf:${name}>${escaped(value)}</sf:${name}>`,
    );
    const open = `<sObject xsi:type="sf:${object}" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">`;
    return `<Notification><Id>${id}</Id>${open}${parts.join("\n")}</sObject></Notification>`;
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">',
    '<soapenv:Body><notifications xmlns="http://soap.sforce.com/2005/09/outbound">',
    `<OrganizationId>${organization}</OrganizationId><ActionId>04k000000000001AAA</ActionId>${session}`,
    "<EnterpriseUrl>https://acme.my.salesforce.com/services/Soap/c/62.0/00D</EnterpriseUrl>",
    "<PartnerUrl>https://acme.my.salesforce.com/services/Soap/u/62.0/00D</PartnerUrl>",
    ...bodies,
    "</notifications></soapenv:Body></soapenv:Envelope>",
  ].join("\n");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
