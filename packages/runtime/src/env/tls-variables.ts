import { oneOf, path } from "./variables.ts";

/** Whom a server's callers must be. */
export const TLS_CLIENTS = ["any", "verified"] as const;

/** How a process is known by TLS, and whom it believes. All files are in PEM, and read again when they change. */
export const TLS_VARIABLES = {
  tlsCertificateFile: path({
    name: "MILLRACE_TLS_CERTIFICATE_FILE",
    doc: "The certificate of this service, with those that lead to its authority: with one, the public port speaks TLS alone. It is shown to services that are called, too.",
  }),
  tlsKeyFile: path({ name: "MILLRACE_TLS_KEY_FILE", doc: "The private key of that certificate." }),
  tlsCaFile: path({
    name: "MILLRACE_TLS_CA_FILE",
    doc: "Authorities that vouch for services: for those that are called by https, in place of the system's, and for callers.",
  }),
  tlsClients: oneOf(TLS_CLIENTS, {
    name: "MILLRACE_TLS_CLIENTS",
    default: "any",
    doc: "Who may call the public port: any, or those alone that show a certificate of the authorities (verified).",
  }),
};

/** What {@link TLS_VARIABLES} say. */
export type TlsSettings = {
  readonly tlsCertificateFile: string | undefined;
  readonly tlsKeyFile: string | undefined;
  readonly tlsCaFile: string | undefined;
  readonly tlsClients: (typeof TLS_CLIENTS)[number];
};
