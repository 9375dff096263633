import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { ReportingService } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";

/** Calls of the page go to where it came from; the session's cookie goes with them. */
export const transport = createConnectTransport({ baseUrl: location.origin, useBinaryFormat: true });

/** For streams; what is asked once goes through `useQuery`. */
export const reporting = createClient(ReportingService, transport);
