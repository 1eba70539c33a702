package modem

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"kurir/gsm"
)

// reset is for a modem that did not answer the last time: its line DTR is
// dropped for a moment, and it is told to begin anew, which most do after
// having vanished for some seconds.
func (s *session) reset(ctx context.Context, failures int) error {
	if port, ok := s.d.port.(dtrPort); ok {
		_ = port.SetDTR(false) // a device without that line
		if err := s.wait(ctx, time.Second); err != nil {
			return err
		}
		_ = port.SetDTR(true)
	}
	if failures%2 == 0 {
		return s.wait(ctx, 500*time.Millisecond)
	}
	_, err := s.d.exec(ctx, command{text: "\x1B\rAT+CFUN=1,1", within: s.m.cfg.Answer})
	if err == nil || refused(err) || errors.Is(err, ErrNoAnswer) {
		return s.wait(ctx, 5*time.Second)
	}
	return err
}

// greetTries is how often a modem is asked whether it is there: the first words
// are often lost while it finds the speed of the line.
const greetTries = 5

// greet makes the modem answer, and holds that it is the one.
func (s *session) greet(ctx context.Context) error {
	// Whoever talked to it before may have stopped in the middle of a message: ESC ends that.
	if err := s.d.write("\x1B\r", false); err != nil {
		return err
	}
	if err := s.wait(ctx, 200*time.Millisecond); err != nil {
		return err
	}
	err := ErrNoAnswer
	for range greetTries {
		if _, err = s.d.exec(ctx, command{text: "AT", within: time.Second}); err == nil {
			break
		}
		if !refused(err) && !errors.Is(err, ErrNoAnswer) {
			return err
		}
	}
	if err != nil {
		return err
	}
	// First who it is: another one's settings are none of our business.
	if err := s.identify(ctx); err != nil {
		return err
	}
	for _, text := range []string{"ATZ", "ATE0", "AT+CMEE=1"} {
		if _, err := s.try(ctx, text, ""); err != nil {
			return err
		}
	}
	return nil
}

// Serial is what tells a modem's IMEI from those of others: its first 14 digits. Behind them stands a check digit, which
// some modems leave out or give as 0, or the version of the software. 3GPP TS 23.003 6.2.
func Serial(imei string) string { return imei[:min(14, len(imei))] }

// identify asks for maker, model and serial number. 3GPP TS 27.007 5.
func (s *session) identify(ctx context.Context) error {
	var names [4]string
	for i, text := range []string{"AT+CGSN", "AT+CGMI", "AT+CGMM", "AT+CGMR"} {
		list, err := s.try(ctx, text, "")
		if err != nil {
			return err
		}
		if len(list) > 0 {
			names[i] = strings.Trim(strings.TrimSpace(strings.TrimPrefix(list[0].text, strings.TrimPrefix(text, "AT")+":")), `"`)
		}
		if want := s.m.cfg.IMEI; i == 0 && want != "" && Serial(names[0]) != Serial(want) {
			return fmt.Errorf("another modem is there: its IMEI is %s, and the one wanted has %s", names[0], want)
		}
	}
	s.m.change(func(st *Status) { st.IMEI, st.Maker, st.Model, st.Revision = names[0], names[1], names[2], names[3] })
	return nil
}

// start prepares the modem and reads what its storage has.
func (s *session) start(ctx context.Context) error {
	if err := s.unlock(ctx); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{s.modes, s.know, s.storages, s.notify, s.check} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return s.collect(ctx)
}

// modes sets PDU mode and what else does not depend on the SIM.
func (s *session) modes(ctx context.Context) error {
	if _, err := s.ready(ctx, "AT+CMGF=0", ""); err != nil {
		return fmt.Errorf("PDU mode, without which this modem cannot be used: %w", err)
	}
	list, err := s.exec(ctx, "AT+CSMS=1", "+CSMS:")
	if err != nil && !refused(err) {
		return err
	}
	if s.phase2 = err == nil && (len(list) == 0 || param(params(list[0].text), 0) != "0"); !s.phase2 {
		if _, err := s.try(ctx, "AT+CSMS=0", "+CSMS:"); err != nil {
			return err
		}
	}
	for _, text := range slices.Concat([]string{"AT+CREG=1", "AT+COPS=3,0", "AT+CLIP=1", "AT+CRC=0"}, s.m.cfg.Init) {
		if _, err := s.try(ctx, text, ""); err != nil {
			return err
		}
	}
	return nil
}

// know reads the SIM's service centre, number and identity.
func (s *session) know(ctx context.Context) error {
	list, err := s.ready(ctx, "AT+CSCA?", "+CSCA:")
	if err != nil && !refused(err) {
		return err
	}
	centre := s.m.cfg.Centre.String()
	if len(list) > 0 && centre == "" {
		centre = centreOf(params(list[0].text))
	}
	values := make([]string, 2)
	for i, text := range []string{"AT+CNUM", "AT+CIMI"} {
		list, err := s.try(ctx, text, []string{"+CNUM:", ""}[i])
		if err != nil {
			return err
		}
		if len(list) == 0 {
			continue
		}
		if values[i] = list[0].text; i == 0 {
			p := params(list[0].text)
			values[0] = international(param(p, 1), param(p, 2))
		}
	}
	s.m.change(func(st *Status) {
		if st.Centre, st.IMSI = centre, values[1]; s.m.cfg.Number == "" {
			st.Number = values[0]
		}
	})
	return nil
}

// centreOf reads the address of the service centre; some modems give it in UCS-2.
func centreOf(p []string) string {
	number := param(p, 0)
	if strings.HasPrefix(number, "00") && len(number)%4 == 0 && isHex(number) {
		number = gsm.DecodeUCS2(unhex(number))
	}
	return international(number, param(p, 1))
}

// international puts a plus in front of a number whose type says so.
func international(number, toa string) string {
	if toa == "145" && number != "" && !strings.HasPrefix(number, "+") {
		return "+" + number
	}
	return number
}

// check asks for the network and the signal, by which also a modem is found out
// that does not answer any more.
func (s *session) check(ctx context.Context) error {
	registration, err := s.registration(ctx)
	if err != nil {
		return err
	}
	signal, operator := NoSignal, ""
	list, err := s.try(ctx, "AT+CSQ", "+CSQ:")
	if err != nil {
		return err
	}
	if len(list) > 0 {
		if n, ok := number(param(params(list[0].text), 0)); ok && n <= 31 {
			signal = n
		}
	}
	if registration.Registered() {
		if list, err = s.try(ctx, "AT+COPS?", "+COPS:"); err != nil {
			return err
		}
		if len(list) > 0 {
			operator = param(params(list[0].text), 2)
		}
	}
	if setting := s.m.Status().Notify; s.started && s.phase2 && setting != "" { // a modem without its CNMA in time has set mt and ds to 0
		if _, err := s.try(ctx, "AT+CNMI="+setting, ""); err != nil {
			return err
		}
	}
	s.m.change(func(st *Status) { st.Signal, st.Operator = signal, operator })
	s.registered(registration)
	return nil
}

// registration asks for the registration: with the network of circuits, and where
// there is none, as with LTE alone, with the one of packets. 3GPP TS 27.007 7.2, 10.1.22.
func (s *session) registration(ctx context.Context) (Registration, error) {
	found := RegisteredUnknown
	for i, name := range []string{"+CREG", "+CEREG"} {
		list, err := s.try(ctx, "AT"+name+"?", name+":")
		if err != nil {
			return found, err
		}
		if len(list) == 0 {
			continue
		}
		if n, ok := number(param(params(list[0].text), 1)); ok && (i == 0 || Registration(n).Registered()) {
			found = Registration(n)
		}
		if found.Registered() {
			break
		}
	}
	return found, nil
}

// registered notes what the network says.
func (s *session) registered(r Registration) {
	s.m.change(func(st *Status) {
		if st.Registration = r; !s.started {
			return // requests are not taken yet
		}
		st.State = StateSearching
		if r.Registered() {
			st.State = StateReady
		}
	})
}
