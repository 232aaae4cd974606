import type { EventData, EventName } from '../../../shared/contract.ts'

/** Tells every window of something. */
export type Emit = <E extends EventName>(name: E, data: EventData<E>) => void
