// Package tally is the arithmetic of reports: what happened when, how long it took, and for how long something was there. It
// knows no database and no clock but an argument.
//
//  1. What is counted stands in hours of UTC. [Periods] cuts a span into the hours, days or months of a time zone, and
//     [Cut.At] says in which of them an hour lies. An hour that begins in a day is that day's: where a zone differs from UTC by
//     half hours, days begin at the first full hour of UTC.
//  2. How long something took is counted in a [Histogram]: two classes an octave, from a millisecond to two days. A quantile
//     of it is at most a fifth from the true one.
//  3. What was there for a time is a list of [Span]s. [Union], [Intersect] and [Subtract] give them sorted and apart.
//  4. [Availability] puts together what several servers saw of a link or an interface, when servers ran at all, and what was
//     planned: the time that counts, and how much of it the thing was there.
package tally
