package simulator

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
)

// ModemView is what is to be seen of a simulated modem.
type ModemView struct {
	Number   string `json:"number"` // of its SIM
	IMEI     string `json:"imei"`
	Device   string `json:"device,omitempty"` // its pseudo-terminal, while it is plugged in
	Opened   bool   `json:"opened"`           // a program talks to it, or its device is there to be opened
	Network  int    `json:"network"`          // as AT+CREG has it
	Signal   int    `json:"signal"`
	Locked   bool   `json:"locked"` // the SIM wants its PIN, or its PUK
	PINTries int    `json:"pin_tries"`
	Hung     bool   `json:"hung"`
	Stored   int    `json:"stored"` // messages on the SIM
	Waiting  int    `json:"waiting"`
	Sent     int    `json:"sent"`
}

// view makes the picture of a modem.
func (m *Modem) view(device string) ModemView {
	m.mu.Lock()
	defer m.mu.Unlock()
	return ModemView{
		Number: m.opt.Number, IMEI: m.opt.IMEI, Device: device, Opened: m.line != nil, Network: m.network, Signal: m.signal,
		Locked: m.sim.locked || m.sim.tries == 0, PINTries: m.sim.tries, Hung: m.hung, Stored: len(m.memories["SM"]), Waiting: len(m.held), Sent: len(m.sent),
	}
}

// Modems shows the modems of AddModem, in the order of their numbers.
func (s *Simulator) Modems() []ModemView {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []ModemView{}
	for _, number := range slices.Sorted(maps.Keys(s.modems)) {
		n := s.modems[number]
		device := ""
		if n.pty != nil {
			device = n.pty.Path()
		}
		list = append(list, n.modem.view(device))
	}
	return list
}

// modemActions are what can happen to a modem.
var modemActions = []string{"unplug", "plug", "hang", "wake", "power-off", "offline", "online", "ring"}

// serveModem lets something happen to a modem.
func (s *Simulator) serveModem(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	n := s.modems[phoneNumber(r.PathValue("number"))]
	s.mu.Unlock()
	if n == nil {
		refuse(w, http.StatusNotFound, errors.New("there is no modem with this number: GET /modems lists them"))
		return
	}
	switch m := n.modem; r.PathValue("action") {
	case "unplug":
		s.mu.Lock()
		pty := n.pty
		s.mu.Unlock()
		if m.Unplug(); pty != nil { // which may not be served yet
			_ = pty.Close()
		}
	case "plug":
		s.mu.Lock()
		there, link := n.pty != nil, n.link
		s.mu.Unlock()
		if there {
			refuse(w, http.StatusConflict, errors.New("it is plugged in"))
			return
		}
		if _, err := s.AttachModem(m, link); err != nil {
			refuse(w, http.StatusInternalServerError, err)
			return
		}
	case "hang":
		m.Hang(true)
	case "wake":
		m.Hang(false)
	case "power-off":
		m.PowerOff()
	case "offline":
		m.SetNetwork(2, 99)
	case "online":
		m.SetNetwork(1, 20)
	case "ring":
		m.Ring(r.URL.Query().Get("from"), 3)
	default:
		refuse(w, http.StatusNotFound, fmt.Errorf("to a modem can happen: %q", modemActions))
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
