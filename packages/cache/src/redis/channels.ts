import { Failure } from "@millrace/failure";
import type { Cluster, Redis } from "ioredis";
import type { Subscription } from "../subscription.ts";
import { RedisConnection, type RedisConnectionOptions } from "./redis-connection.ts";

/** What {@link Channels} takes. */
export type ChannelsOptions = RedisConnectionOptions & {
  /** How often the connection of listeners is asked whether it lives, in milliseconds; 5,000 by default. */
  readonly askEveryMs?: number;
};

/** By asking this often it is found that the connection is dead, by which else nothing would ever come. */
const ASK_EVERY_MS = 5000;
/** In a Cluster so many channels are asked for, which lie on all its nodes with near certainty. */
const CHANNELS_ASKED = 100;

/** The listeners of one channel in this process, who share a subscription. */
type Channel = {
  readonly channel: string;
  readonly listeners: Set<Subscription>;
  readonly inForce: Promise<unknown>;
};

/**
 * Messages by publish and subscribe. Listening has a connection of its own, made when the first listener comes. A Cluster
 * has sharded channels, whose messages go through one node and so keep their order. When that connection breaks,
 * messages may have been missed, so its listeners get a failure.
 */
export class Channels {
  readonly #publisher: RedisConnection;
  readonly #options: ChannelsOptions;
  readonly #channels = new Map<string, Channel>();
  #listening: RedisConnection | undefined;
  #asking: NodeJS.Timeout | undefined;
  #listeners = 0;

  constructor(publisher: RedisConnection, options: ChannelsOptions) {
    this.#publisher = publisher;
    this.#options = options;
  }

  /** How many listen, on all channels. */
  get listeners(): number {
    return this.#listeners;
  }

  publish(name: string, payload: Buffer): Promise<unknown> {
    const { client, mode } = this.#publisher;
    return mode === "cluster" ? client.spublish(name, payload) : client.publish(name, payload);
  }

  /** Adds a listener; resolves when it gets all that is published from then on. */
  async add(name: string, channel: string, subscription: Subscription): Promise<void> {
    const connection = await this.#connect();
    let entry = this.#channels.get(name);
    if (entry === undefined) {
      entry = { channel, listeners: new Set(), inForce: subscribe(connection, name) };
      this.#channels.set(name, entry);
    }
    entry.listeners.add(subscription);
    this.#listeners++;
    await entry.inForce;
  }

  /** Takes a listener away, and the subscription with the last one. */
  remove(name: string, subscription: Subscription): void {
    const entry = this.#channels.get(name);
    if (!entry?.listeners.delete(subscription)) return;
    this.#listeners--;
    if (entry.listeners.size > 0) return;
    this.#channels.delete(name);
    const { client, mode } = this.#listening ?? {};
    // A connection that is gone has no subscriptions left, so a refusal needs nothing done.
    (mode === "cluster" ? client?.sunsubscribe(name) : client?.unsubscribe(name))?.catch(() => {});
  }

  /**
   * Resolves when the messages that were published before on a channel that has listeners have arrived, or the connection
   * is gone: subscribing once more changes nothing, and is answered after them.
   */
  async flush(name: string): Promise<void> {
    if (this.#listening === undefined || !this.#channels.has(name)) return;
    // Only a connection that is gone refuses it, on which nothing more arrives.
    await subscribe(this.#listening, name).catch(() => {});
  }

  /** Ends all subscriptions after the messages that wait. */
  close(): void {
    clearInterval(this.#asking);
    for (const { listeners } of [...this.#channels.values()]) for (const listener of [...listeners]) listener.end();
    this.#listening?.close();
  }

  async #connect(): Promise<RedisConnection> {
    if (this.#listening === undefined) {
      this.#listening = new RedisConnection("the cache", this.#options);
      const { client } = this.#listening;
      this.#receive(client);
      client.on("close", () => this.#broke());
      // In a Cluster a single node may go, or be connected to anew.
      client.on("-node", () => this.#broke());
      client.on("-subscriber", () => this.#broke());
      this.#asking = setInterval(() => void this.#ask(), this.#options.askEveryMs ?? ASK_EVERY_MS).unref();
    }
    await this.#listening.connected(this.#options.commandTimeoutMs ?? 1000);
    return this.#listening;
  }

  /** Subscribes once more to each channel, which changes nothing where the connection lives. */
  async #ask(): Promise<void> {
    const listening = this.#listening;
    if (listening === undefined || this.#channels.size === 0 || listening.client.status !== "ready") return;
    try {
      // A Cluster has its channels on several nodes; elsewhere one stands for all.
      const names = [...this.#channels.keys()].slice(0, listening.mode === "cluster" ? CHANNELS_ASKED : 1);
      await Promise.all(names.map((name) => subscribe(listening, name)));
    } catch {
      this.#broke();
      listening.client.disconnect(true);
    }
  }

  #receive(client: Redis | Cluster): void {
    const take = (name: Buffer, payload: Buffer) => {
      const entry = this.#channels.get(name.toString());
      if (entry === undefined) return;
      // Listeners share one copy.
      const message = { channel: entry.channel, payload: new Uint8Array(payload) };
      for (const listener of [...entry.listeners]) listener.push(message);
    };
    client.on("messageBuffer", take);
    client.on("smessageBuffer", take);
  }

  #broke(): void {
    const channels = [...this.#channels.values()];
    this.#channels.clear();
    for (const { channel, listeners } of channels) {
      const text = `The connection by which messages of ${channel} arrive broke; some may have been missed.`;
      this.#listeners -= listeners.size;
      for (const listener of listeners) listener.fail(new Failure("unavailable", "BACKEND_UNAVAILABLE", text));
    }
  }
}

function subscribe({ client, mode }: RedisConnection, name: string): Promise<unknown> {
  return mode === "cluster" ? client.ssubscribe(name) : client.subscribe(name);
}
