package api

import (
	"context"
	"net/netip"
	"slices"

	"kurir/account"
	"kurir/smpp"
)

// bind decides on a bind (SMPP 3.4 4.1).
func (s *SMPPServer) bind(sess *smpp.Session, b *smpp.Bind) (smpp.Status, smpp.Handler) {
	from := smppAddr(sess)
	refuse := func(status smpp.Status, why string) (smpp.Status, smpp.Handler) {
		s.log.Warn("bind refused", "system_id", b.SystemID, "peer", from, "why", why)
		s.penalty.wait(from, s.ending)
		return status, nil
	}
	if !s.penalty.admits(from, b.SystemID, b.Password) {
		s.penalty.hold(from, s.ending) // neither logged nor verified: a storm
		return smpp.ESME_RBINDFAIL, nil
	}
	directory := s.accounts()
	a := directory.BySystemID(b.SystemID)
	if a == nil {
		return refuse(smpp.ESME_RINVSYSID, "no account has this system_id")
	}
	if !a.MayComeFrom(from) {
		return refuse(smpp.ESME_RBINDFAIL, "the account may not come from this address")
	}
	ctx, cancel := context.WithTimeout(context.Background(), smppVerifyWait)
	defer cancel()
	if _, err := s.verifier.AuthenticateSMPP(ctx, directory, b.SystemID, b.Password); err != nil {
		if ctx.Err() != nil {
			return smpp.ESME_RBINDFAIL, nil
		}
		return refuse(smpp.ESME_RINVPASWD, "wrong password")
	}
	s.penalty.forgive(from, b.SystemID, b.Password)
	if a.SMPP.Certificate != "" && !smppCertified(sess, a.SMPP.Certificate) {
		return refuse(smpp.ESME_RBINDFAIL, "the account's certificate was not shown")
	}
	if why := smppForbidden(a, b); why != "" {
		return refuse(smpp.ESME_RBINDFAIL, why)
	}
	return s.enter(a, s.newPeer(sess, a, b))
}

// smppForbidden says why an account may not bind so, if it may not.
func smppForbidden(a *account.Account, b *smpp.Bind) string {
	switch {
	case !a.SMPP.MayBind(b.Mode.String()):
		return "the account may not bind as " + b.Mode.String()
	case !a.SMPP.MaySpeak(b.Version.Normal().String()):
		return "the account may not bind with version " + b.Version.Normal().String()
	}
	return ""
}

// smppCertified tells whether the peer has shown a certificate that our
// authorities signed and that bears a name.
func smppCertified(sess *smpp.Session, name string) bool {
	state, ok := sess.TLS()
	if !ok || len(state.VerifiedChains) == 0 {
		return false
	}
	c := state.VerifiedChains[0][0]
	return c.Subject.CommonName == name || slices.Contains(c.DNSNames, name) || slices.Contains(c.EmailAddresses, name)
}

// newPeer makes the handler of a session from what the account and the bind
// say. What it takes from the account stays for the session's life.
func (s *SMPPServer) newPeer(sess *smpp.Session, a *account.Account, b *smpp.Bind) *smppPeer {
	p := &smppPeer{
		server: s, sess: sess, account: a.Name, addr: sess.Info().Peer.String(), mode: b.Mode,
		version: b.Version.Normal(), tlvs: b.Version.TLVs(), most: min(a.Window(), smppMostWindow),
	}
	p.ids, p.zone = smppFormOf(a, p.tlvs), a.SMPP.Location()
	p.data = p.tlvs && a.SMPP.Receipts == account.ReceiptsDataSM
	p.loaded = p.version >= smpp.Version50
	if a.SMPP.AddressRange == account.AddressRangeUse && b.Mode != smpp.Transmitter {
		p.takes = smppRange(b.Range.Addr)
	}
	if a.SMPP.OverWindow == account.OverWindowWait {
		sess.SetPeerWindow(a.Window())
	}
	p.limit.Store(int32(min(smppFirstWindow, p.most)))
	return p
}

// enter gives a session one of its account's places, if there is one.
func (s *SMPPServer) enter(a *account.Account, p *smppPeer) (smpp.Status, smpp.Handler) {
	s.mu.Lock()
	c := s.customers[a.Name]
	if c == nil {
		c = &smppCustomer{}
		s.customers[a.Name] = c
	}
	full := c.sessions >= a.MaxSessions()
	if !full {
		c.sessions++
		s.peers[p.sess] = p
	}
	s.mu.Unlock()
	if full {
		s.log.Warn("bind refused", "account", a.Name, "peer", p.addr, "why", "all sessions of the account are in use")
		return smpp.ESME_RBINDFAIL, nil
	}
	return smpp.ESME_ROK, p
}

// smppAddr returns the IP address of a session's peer, the zero Addr if its
// connection has none.
func smppAddr(sess *smpp.Session) netip.Addr {
	return peerAddr(sess.Info().Peer)
}

// smppFullLoad is the congestion_state of a customer who fills his window:
// that is what windows are for (SMPP 5.0 4.8.4.18: 80 to 89 is the optimum).
const smppFullLoad = 85

// congestion returns the parameter that tells a 5.0 customer how loaded we
// are, by his window and by what waits to be accepted; nil for others.
func (p *smppPeer) congestion() smpp.TLVs {
	if !p.loaded {
		return nil
	}
	window := account.DefaultWindow
	if a := p.server.accounts().ByName(p.account); a != nil {
		window = a.Window()
	}
	load := min(int(p.submitted.Load())*smppFullLoad/window, smppFullLoad)
	load = max(load, p.server.core.Congestion())
	return smpp.TLVs{{Tag: smpp.TagCongestionState, Value: []byte{byte(load)}}}
}

// describe makes the description of a bound session; server.mu is held.
func (p *smppPeer) describe() SMPPSession {
	p.mu.Lock()
	flight := p.flight
	p.mu.Unlock()
	return SMPPSession{
		ID: p.num, Account: p.account, Peer: p.addr, Mode: p.mode.String(), Version: p.version.String(), Since: p.since,
		Submitted: int(p.submitted.Load()), Delivering: flight, Window: int(p.limit.Load()),
	}
}
