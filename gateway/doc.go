// Package gateway is the life of a message, a file per station:
//
//  1. accept.go: Accept checks permission, sender and limits, measures the
//     text, chooses the route, gives the message its id and puts it into the
//     batch that is being gathered (commit.go), or lets it wait while links
//     are behind (pressure.go). The customer hears of it when that batch is on
//     disk.
//  2. dispatch.go: if a session of the chosen link has credit the same batch
//     carries the grant; otherwise the message waits in the link's lanes
//     (lanes.go), beyond a bound on disk only (refill.go). throttle.go keeps
//     the link's rate, account_pace.go the account's, rates.go what of both is
//     this gateway's.
//  3. A granted message goes to its connector after the commit.
//  4. outcome.go: the connector's answer decides what follows: enroute, sent,
//     tried again later (retry.go), the next link, or given up.
//  5. report.go: a receipt is matched with the message whose operator id it
//     names, or held until that message is known.
//  6. deliver.go and owed.go: what customers are owed goes through Receivers
//     until it is acknowledged or too old.
//  7. inbound.go: a message from a phone is stored, joined, matched with rules
//     and owed to their targets.
//  8. expire.go: what is too old becomes final.
//  9. recover.go: after a start all of this goes on where the disk says. What
//     it must not have to look for far back, mark.go writes into spill tables;
//     disk.go looks there for what is due, and reading.go keeps what was read
//     from being older than what memory knows.
//  10. nodes.go: what changes where several gateways use one store: free.go,
//     free_owed.go, midway_elsewhere.go, held_elsewhere.go, parts_elsewhere.go,
//     parts_repeated.go, adopt.go.
//
// One mutex guards the state of all stations; whoever holds it does no I/O and
// handles a batch at a time. One goroutine writes (commit.go): it takes the
// batch that has gathered while the last one was written and commits it. Another
// does what waited for it, batch by batch (follow.go): what leaves the program
// (an answer to a customer, a message on a wire, an acknowledgement to an
// operator) leaves only then. Where several gateways share a database, a commit
// settles what others may have decided meanwhile about the same money, limits,
// numbers and keys (contest.go).
package gateway
