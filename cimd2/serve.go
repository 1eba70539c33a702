package cimd2

import "kurir/wire"

// Server accepts connections of applications and their logins. NewServer makes one; its other settings may be changed
// before it serves.
type Server = wire.Server[*Packet]

// NewServer makes a server whose logins are decided by a function: NoError and a handler let the application in, anything else is
// sent as the reason of the refusal, and the session ends. It may take its time: only its own session waits. The window is
// the one that the login asks for, 1 without, in both directions.
func NewServer(login func(s *Session, l *Login) (ErrorCode, Handler)) *Server {
	return &Server{Protocol: Protocol(false), Login: func(s *Session, p *Packet) (*Packet, string, Handler) {
		var l Login
		err := p.Read(&l)
		code, h := NoError, Handler(nil)
		if pe, ok := err.(*ParamError); ok {
			code = pe.Code
		} else if code, h = login(s, &l); code == NoError && h == nil {
			code = ErrLoginRefused
		}
		if code != NoError {
			return p.Refuse(code, ""), l.User, nil
		}
		window := l.Window.Or(1)
		s.SetWindow(window)
		s.SetPeerWindow(window)
		return Empty(OpLoginResp, p.Seq), l.User, h
	}}
}
