package simulator

import (
	"crypto/subtle"

	"kurir/smpp"
)

// protocol is the language of one session. The simulator thinks in PDUs of SMPP: behaviour, fates, phones, receipts and
// what waits know nothing else. Another language translates at the edge, what comes by handle, what goes by the others.
type protocol interface {
	// name is that of the protocol, for people.
	name() string
	// version is that of the protocol that the session speaks, for people.
	version() string
	// begin is called before anything is read, as part of a batch; the session may be logged in without a word.
	begin()
	// cut finds the first frame in what has come, and how many octets it takes with what stands before it; 0: it is not
	// whole yet. A frame of no octets is to be passed over. With an error nothing behind it can be read.
	cut(b []byte) (frame []byte, used int, err error)
	// handle does what a frame asks for; false ends the session after what was answered so far.
	handle(frame []byte) bool
	// answer appends the answer to a request. Its sequence number is that which handle has made of the request's.
	answer(dst []byte, p *smpp.PDU) ([]byte, error)
	// deliver gives the octets for a deliver_sm or data_sm, whose sequence number is that of the window; nil: the language
	// cannot say it. They are used up before the next call.
	deliver(pdu []byte, kind uint32) []byte
	// unbind appends the SMSC's own good-bye; false: there is none but closing the connection.
	unbind(dst []byte) ([]byte, bool)
	// garbage is what nobody can read.
	garbage() string
	// numbers is the highest sequence number of a deliver_sm; those of a session are 1 to it, and again from 1.
	numbers() uint32
	// ownStatus is how the language says the fate that names a code of its own.
	ownStatus(code smpp.Status) smpp.Status
}

// login looks who may come in, and as which account: the status is ESME_ROK only with one.
func (ss *session) login(systemID, password string) (*account, smpp.Status) {
	opt, behaviour := &ss.sim.opt, ss.batch.behaviour
	same := func(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
	open := opt.SystemID == "" && opt.Password == "" || ss.inner
	switch {
	case !open && !same(systemID, opt.SystemID):
		return nil, smpp.ESME_RINVSYSID
	case !open && !same(password, opt.Password):
		return nil, smpp.ESME_RINVPASWD
	}
	a := ss.sim.account(systemID, ss.host)
	if a == nil {
		return nil, smpp.ESME_RBINDFAIL
	}
	if most := behaviour.Binds; most > 0 && ss.sim.boundTo(a) >= most {
		return nil, behaviour.BindStatus
	}
	return a, smpp.ESME_ROK
}

// enter makes the session one of an account, once the batch is done.
func (ss *session) enter(a *account, mode smpp.BindMode, version smpp.Version) {
	b := &ss.batch
	b.c.Binds++
	ss.account, ss.mode, ss.version = a, mode, version
	ss.bound.Store(true)
	b.joining = mode != smpp.Transmitter
	ss.sim.log.Debug("bound", "protocol", ss.speaks.name(), "system_id", a.name, "mode", mode)
	ss.sim.hub.changedSessions()
}
