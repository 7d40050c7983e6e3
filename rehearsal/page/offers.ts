import type { AmazonPay } from '../amazon-pay.ts'
import type { Slot } from '../keys.ts'
import type { Form, Run } from '../run.ts'
import type { Scene } from '../scene.ts'

/** What comes next, and what the page offers for it. */
export interface NextStep {
  readonly text: string
  readonly offers: readonly Offer[]
}

/** A button that fills in a form, or does at once what has no form. */
export type Offer = { readonly label: string } & (
  | { readonly kind: 'form'; readonly form: Form }
  | { readonly kind: 'exchange'; readonly publicKey: string; readonly name: string }
  | { readonly kind: 'comment'; readonly run: number; readonly comment: string }
  | { readonly kind: 'delete'; readonly id: string }
  | { readonly kind: 'deploy' | 'install' }
  | { readonly kind: 'time'; readonly minutes: number }
)

/** What a rule judges by. */
export interface Facts {
  readonly scene: Scene
  readonly amazonPay: AmazonPay
  /** The newest run of the form. */
  readonly last: Run | undefined
  readonly waiting: Run | undefined
  readonly current: Slot
  readonly next: Slot
  readonly previous: Slot
  /** Public Key IDs of the staged key that work. */
  readonly stagedIds: readonly string[]
}

export type Rule = (facts: Facts) => NextStep | undefined

export const command = (label: string, name: string, more: Partial<Form> = {}): Offer => ({
  label,
  kind: 'form',
  form: { command: name, ...more },
})
