export { hashWords, murmur3, murmur3Text } from "./murmur3.ts";
