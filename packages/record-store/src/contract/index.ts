export {
  type RecordStoreCapability,
  type RecordStoreContractOptions,
  type RecordStoreExcuse,
  recordStoreContract,
} from "./record-store-contract.ts";
