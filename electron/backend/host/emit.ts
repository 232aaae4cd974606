import type { EventData, EventName } from '../../../shared/contract.ts'

/** Sends an event to every window. */
export type Emit = <E extends EventName>(name: E, data: EventData<E>) => void
