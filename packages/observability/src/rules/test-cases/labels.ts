/** Calls that send events. */
export const SEND = 'service_namespace="millrace",namespace="shop",rpc_method="millrace.ingest.v1.IngestService/Send"';
/** Calls that ask questions. */
export const QUERY =
  'service_namespace="millrace",namespace="shop",rpc_method="millrace.reporting.v1.ReportingService/Query"';
/** The series of ingest. */
export const INGEST = 'namespace="shop",service_name="ingest"';
/** The series of processing. */
export const PROCESSING = 'namespace="shop",service_name="processing"';
/** The series of reporting. */
export const REPORTING = 'namespace="shop",service_name="reporting"';
/** One process of processing. */
export const POD = `${PROCESSING},job="millrace-processing",instance="10.0.0.7:9090"`;
/** The same process in metrics that others give too. */
export const SCOPED_POD = `service_namespace="millrace",${POD}`;
