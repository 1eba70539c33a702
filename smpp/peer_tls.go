package smpp

import "crypto/tls"

// TLS gives the state of the connection's TLS, with the certificates that the peer has shown, from the first PDU on; ok
// is false for a plain connection.
func (s *Session) TLS() (state tls.ConnectionState, ok bool) {
	c, ok := s.conn.(interface{ ConnectionState() tls.ConnectionState })
	if !ok {
		return state, false
	}
	return c.ConnectionState(), true
}
