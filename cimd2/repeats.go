package cimd2

import "hash/maphash"

// Repeats recognises requests of a peer that come again, because their answer was lost or a nack had asked for them.
//
// The numbers of a peer's requests follow each other by two. A peer that skips some, or counts in another way, is not
// stopped, since on a TCP connection nothing is lost but what was spoilt before; the number decides only which packets may
// be repetitions. One is if it has the number of a packet that came before and is the same, and that one has no answer yet,
// or the number is not one that is still to come. Of 256 numbers the next 128 are still to come.
//
// Its methods must not be called at the same time.
type Repeats struct {
	seed maphash.Seed
	last uint8             // the number of the latest request
	came map[uint8]arrival // by number
}

// arrival is a request that has come.
type arrival struct {
	op     Operation
	params uint64  // their hash
	answer *Packet // nil: none yet
}

// NewRepeats makes one for the requests of an application, or of an SMSC.
func NewRepeats(application bool) *Repeats {
	r := &Repeats{seed: maphash.MakeSeed(), came: map[uint8]arrival{}}
	r.last = 254 // before 0
	if application {
		r.last = 255
	}
	return r
}

// Came notes a request, and reports whether it has come before, with its answer if it has had one. Alive may always come
// again.
func (r *Repeats) Came(p *Packet) (again bool, answer *Packet) {
	sum := maphash.Bytes(r.seed, p.params)
	ahead := p.Seq - r.last // 0: the same number once more; 1 to 128: still to come; more: one before
	old, known := r.came[p.Seq]
	if known && old.op == p.Op && old.params == sum && (old.answer == nil || ahead == 0 || ahead > 128) && p.Op != OpAlive {
		return true, old.answer
	}
	if ahead <= 128 && ahead > 0 {
		for n := r.last + 1; n != p.Seq; n++ {
			delete(r.came, n) // skipped: what had the number a round ago is not what may come yet
		}
		r.last = p.Seq
	}
	r.came[p.Seq] = arrival{op: p.Op, params: sum}
	return false, nil
}

// Answered notes the answer to a request.
func (r *Repeats) Answered(answer *Packet) {
	if a, ok := r.came[answer.Seq]; ok && a.op.Response() == answer.Op {
		a.answer = answer
		r.came[answer.Seq] = a
	}
}

// Forget takes a request as one that has not come: the peer is asked for it again, by a nack.
func (r *Repeats) Forget(number uint8) { delete(r.came, number) }

// Expected gives the number for a nack: that of the next request, which is taken as new.
func (r *Repeats) Expected() uint8 {
	r.Forget(r.last + 2) // what had the number a round ago
	return r.last + 2
}
