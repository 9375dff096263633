export {
  type CellStoreCapability,
  type CellStoreContractOptions,
  type CellStoreExcuse,
  cellStoreContract,
} from "./cell-store-contract.ts";
