// Package rota knows who is on duty.
//
// A [Rota] is what an operator writes: layers of slots that follow one another, the times of the week at which each layer
// holds, whose public holidays count, and exceptions. From there to an answer:
//
//  1. [Rota.Validate] reports what is wrong with one by itself, [Check] what is wrong with several together: a rota that is not
//     there, or that would be in itself.
//  2. [NewSet] compiles them; [Set.Find] gives the [Plan] of one.
//  3. A layer has somebody at a time when its rotation has reached a slot of somebody and the time is within one of its times
//     of the week. Slots change at the hand-over time by the clock of the rota's zone, so that a slot of a day has 23 or 25
//     hours when the clock is changed. Times of the week are intervals of that clock, one for each day on which they begin.
//  4. Who stands in for another is put in his place in every layer.
//  5. At each time the first that has somebody counts: exceptions that name nobody to stand in for, in their order; then the
//     layers in theirs; then who is on duty else. What has somebody behind the first is an overlap; where nothing has, there is
//     a gap.
//  6. [Plan.OnDuty] answers for one time by looking at the slot and the intervals around it. [Plan.Between] answers for a span:
//     it lists the intervals of each layer, and walks over their ends.
//
// The public [Holidays] of countries are computed from a table of rules. [Plan.Calendar] writes what comes as iCalendar (RFC
// 5545). An [Escalation] says who is asked next when nobody answers; [Escalation.Next] is its state machine.
//
// Everything is pure: no network, no database, no clock but an argument.
package rota
