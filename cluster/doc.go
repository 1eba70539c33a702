// Package cluster holds a node's place among the servers that share a database:
// that it lives, and which sessions of links are its own.
//
// The procedure:
//
//  1. Join (keeper.go) begins a term under the node's name: a row of table node,
//     whose term grows with every process that has the name. A name that another
//     process renews is refused.
//  2. Run renews that row every second. A renewal lets the node act for 4.5
//     seconds, counted on both clocks of its own machine from before the request
//     was sent (clock.go).
//  3. It also reads the table (sweep.go). A node that has not renewed for 5.5
//     seconds, by the database's clock and by what the reader has seen itself
//     (sight.go), is declared dead: its term grows, and nothing that it asked for
//     or asks for under the old one touches anything.
//  4. Each session of a link is a lease, a row with the node that holds it, in
//     which term of the node, and a term of its own, which grows with every
//     holder. A lease is free when nobody holds it or its holder's term is over.
//     So one renewal a second carries all that a node holds, and no lease is
//     judged by time: only nodes are.
//  5. Place (place.go) says who shall hold what; every node computes the same from
//     what the table says. A node takes what it shall hold and is free, and asks
//     the users of its own leases for what others shall hold, of a link one
//     session after the other.
//  6. Who uses a lease (Acquire, lease.go) asks Valid before each write to its
//     socket. When Over is closed he stops: in good order while it is Valid, else
//     at once. Then he calls Release.
//  7. What a node has in memory and in rows of its own, its share, is a lease too
//     where nodes take over each other's (share.go).
//  8. A node that ends says so: first that it wants nothing (Want), so that its
//     sessions are opened elsewhere as they part, and at last that its term is over.
//
// A node also says how many sessions of links are open at it (Open), for a lease
// only says who may open one.
//
// The node's time (Now) is the database's where its wall clock is wrong
// (offset.go); nothing said so far depends on that.
//
// Besides, nodes divide what links and accounts may send in a second, by what each
// wants (rates.go).
//
// A request may be done at any time after it was sent, also when its answer was
// given up. So each names the terms that it may touch, and a term that may have
// been given back is never used again: who wants the lease still takes it anew.
//
// While the database answers nobody, all fall silent after 4.5 seconds, and
// nobody is declared dead: whoever reads the table again gives every other node
// 5.5 seconds to renew. A node that alone is out of reach cannot know that, and
// ends its sessions, for others are opened in their place; unless the database
// refuses connections (Options.Down), when nobody can have taken them: then they
// stay, silent.
//
// # Assumptions
//
// No two nodes act under one lease, as long as what stands here holds. Each test
// named runs with the precaution, when nothing happens, and with it shrunk or
// left out, when two nodes act at once.
//
//	precaution                             against                                  test
//	a renewal counts from before it was    a slow answer                            TestShrinkSent
//	  sent
//	the holder asks the monotonic clock    a wall clock that is set back            TestShrinkMonotonic
//	the holder asks the wall clock         a machine that sleeps, when its          TestShrinkWall
//	                                       monotonic clock stands still
//	the wall clock is at most 500 ms       a wall clock set back just before        TestShrinkApart
//	  behind the monotonic one             the machine sleeps
//	the holder stops 500 ms early (Early)  the time between the look at the         TestShrinkEarly
//	                                       lease and the octets on the wire
//	others begin 500 ms late (Late)        clocks that run at different rates:      TestShrinkLate
//	                                       with Early together up to 18 %
//	others have seen for themselves that   a database's clock that is set forward,  TestShrinkSight
//	  nothing was renewed                  or is another's after a failover
//	the database's clock agrees            a clock of another node that runs wild   TestShrinkDatabaseClock
//	a lease is given back as of one term   a request that comes late                TestShrinkReleaseTerm
//	a lease is taken from the dead only    any node's mistake about itself          TestShrinkHolder
//	who declares a node dead waits for a   a commit that takes long, as with        TestBuryWaitsForRenewal
//	  renewal that is under way            standbys                                 (package store)
//	what was seen before the table was     a database that was away: all would be   TestSightsAfterAGap,
//	  out of sight does not count          dead                                     TestDatabaseAway
//	what is taken of a rate is used a      what others send still, who have      TestShrinkRateWindow
//	  second later                           just given it up
//	Length + Late + a look or two          waiting longer than ten seconds for      TestDeadNodeIsReplaced
//	                                       the sessions of the dead
//
// Assumed, and guarded by nothing here:
//
//   - The database does one transaction after the other as far as a row is
//     concerned, and keeps what it has committed.
//   - The clocks of a machine that has slept are right before its processes go
//     on, or at least one of them shows that time has passed. A clock that is set
//     back by as long as the machine then sleeps, to within half a second, and
//     within the second since the last renewal, shows nothing.
//   - A process that is stopped between its look at a lease and the write, for
//     longer than Early and Late together, writes when it goes on
//     (TestStoppedBetweenLookAndWrite). What it writes was granted to its session
//     on disk and has no answer there: the node that took over counts it as
//     uncertain, so it is among those messages that a crash may have sent twice.
//     Likewise octets that the system had taken and the network brings later.
package cluster
