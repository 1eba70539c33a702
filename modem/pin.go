package modem

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"
)

// unlock brings the SIM to where it can be used. A PIN is given once only: it is
// written down before it is tried, and forgotten when it was right, so that a
// wrong one costs one of the three attempts of the SIM, whatever happens.
// 3GPP TS 27.007 8.3.
func (s *session) unlock(ctx context.Context) error {
	sim, err := s.card(ctx)
	if err != nil {
		return err
	}
	s.sim = sim
	entered := false
	for range simTries {
		list, err := s.ready(ctx, "AT+CPIN?", "+CPIN:")
		if err != nil {
			return s.blocked(err, fmt.Errorf("the SIM does not answer: %w", err))
		}
		state := ""
		if len(list) > 0 {
			state = param(params(list[0].text), 0)
		}
		switch {
		case state == "READY":
			return nil
		case state == "SIM PIN" && !entered:
			if err := s.enter(ctx); err != nil {
				return err
			}
			entered = true
		case state == "", state == "SIM PIN": // it takes a moment
			if err := s.wait(ctx, 2*time.Second); err != nil {
				return err
			}
		default: // SIM PUK and the like
			return s.blocked(nil, fmt.Errorf("the SIM wants %s: put it into a phone and enter that there", state))
		}
	}
	return s.blocked(nil, errors.New("the SIM does not become ready"))
}

// blocked notes that the SIM keeps the modem from being used. When inner is no
// answer of the modem, that is the reason.
func (s *session) blocked(inner, reason error) error {
	if inner != nil && !refused(inner) {
		return inner
	}
	s.m.change(func(st *Status) { st.State = StateBlocked })
	return &blockedError{reason}
}

// blockedError says that the SIM keeps the modem from being used.
type blockedError struct{ reason error }

func (e *blockedError) Error() string { return e.reason.Error() }
func (e *blockedError) Unwrap() error { return e.reason }

// card gives what the SIM is known by: its serial number, which most modems tell
// before the PIN, else the modem's.
func (s *session) card(ctx context.Context) (string, error) {
	for _, text := range []string{"AT+CCID", "AT^ICCID?", "AT+ICCID", "AT+QCCID"} {
		name := strings.TrimSuffix(strings.TrimPrefix(text, "AT"), "?") + ":"
		list, err := s.d.exec(ctx, command{text: text, prefix: name, within: s.m.cfg.Answer})
		if err != nil && !refused(err) {
			return "", err
		}
		if err != nil || len(list) == 0 {
			continue
		}
		if sim := strings.Trim(param(params(list[0].text), 0), "Ff"); sim != "" {
			s.m.change(func(st *Status) { st.SIM = sim })
			return sim, nil
		}
	}
	return "IMEI " + s.m.Status().IMEI, nil
}

// enter gives the PIN, unless this SIM has had it already.
func (s *session) enter(ctx context.Context) error {
	pin := s.m.cfg.PIN
	if pin == "" {
		return s.blocked(nil, errors.New("the SIM wants its PIN, and none is configured"))
	}
	if len(pin) < 4 || len(pin) > 8 || strings.Trim(pin, "0123456789") != "" {
		return s.blocked(nil, errors.New("the PIN configured is none: a PIN has 4 to 8 digits"))
	}
	tried, err := s.m.pinTried(s.sim, pin)
	switch {
	case err != nil:
		return s.blocked(nil, fmt.Errorf("the PIN is not tried, as it cannot be written down first: %w", err))
	case tried:
		return s.blocked(nil, errors.New("the SIM wants its PIN, and the one configured has been tried before without success: "+
			"correct it (after three wrong ones the SIM wants its PUK)"+s.m.forget(s.sim)))
	}
	_, err = s.d.exec(ctx, command{text: "AT+CPIN=" + quote(pin), prefix: "+CPIN:", within: s.m.cfg.Answer, secret: true})
	if err != nil {
		return s.blocked(err, fmt.Errorf("the PIN was not accepted: %w", err))
	}
	return s.m.pinRight(s.sim, pin)
}

// forget says how a PIN is given once more that was right, if the process ended
// before it could be known.
func (m *Modem) forget(sim string) string {
	if m.cfg.PINFolder == "" {
		return ""
	}
	return "; if it is right, delete " + m.pinFile(sim)
}

// pinFile is the file of a SIM, which is in one modem at a time: nobody else
// writes it meanwhile.
func (m *Modem) pinFile(sim string) string {
	safe := strings.Map(func(r rune) rune {
		if r < 128 && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return r
		}
		return '-'
	}, sim[:min(len(sim), 64)])
	return filepath.Join(m.cfg.PINFolder, "modem-pin-"+safe)
}

// pinMark is how a PIN tried at a SIM is written down. A PIN has too few digits
// to be hidden by a hash from who can read the file, which therefore is for its
// owner only.
func pinMark(sim, pin string) string {
	sum := sha256.Sum256([]byte("kurir pin\x00" + sim + "\x00" + pin))
	return strings.ReplaceAll(sim, " ", "-") + " " + hex.EncodeToString(sum[:])
}

// pinTried says whether a PIN was tried before, and writes down that it is now.
func (m *Modem) pinTried(sim, pin string) (bool, error) {
	mark := pinMark(sim, pin)
	if m.cfg.PINFolder == "" {
		tried := m.pins[mark]
		m.pins[mark] = true
		return tried, nil
	}
	marks, err := readMarks(m.pinFile(sim))
	if err != nil || marks[mark] {
		return marks[mark], err
	}
	marks[mark] = true
	return false, writeMarks(m.pinFile(sim), marks)
}

// pinRight forgets a PIN that was accepted, so that it may be given after the next power cut.
func (m *Modem) pinRight(sim, pin string) error {
	mark := pinMark(sim, pin)
	delete(m.pins, mark)
	if m.cfg.PINFolder == "" {
		return nil
	}
	marks, err := readMarks(m.pinFile(sim))
	if err != nil {
		return err
	}
	delete(marks, mark)
	return writeMarks(m.pinFile(sim), marks)
}

// readMarks reads the file; one that is not there is empty.
func readMarks(name string) (map[string]bool, error) {
	marks := map[string]bool{}
	f, err := os.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return marks, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read which PINs were tried: %w", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if lines.Text() != "" {
			marks[lines.Text()] = true
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read which PINs were tried: %w", err)
	}
	return marks, nil
}

// writeMarks replaces the file, which is on disk when it returns without error.
func writeMarks(name string, marks map[string]bool) error {
	fail := func(err error) error { return fmt.Errorf("write down which PINs were tried: %w", err) }
	f, err := os.CreateTemp(filepath.Dir(name), ".pin-*") // for its owner only
	if err != nil {
		return fail(err)
	}
	defer os.Remove(f.Name())
	for mark := range marks {
		fmt.Fprintln(f, mark)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fail(err)
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return fail(err)
	}
	folder, err := os.Open(filepath.Dir(name))
	if err != nil {
		return fail(err)
	}
	defer folder.Close()
	if err := folder.Sync(); err != nil {
		return fail(err)
	}
	return nil
}
