package cimd2

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// Every code of the digest has a name, and no name is longer than parameter 901 may be.
func TestTables(t *testing.T) {
	t.Parallel()
	for _, p := range []Param{
		10, 11, 12, 19, 21, 23, 26, 27, 28, 30, 32, 33, 34, 44, 50, 51, 52, 53, 54, 55, 56, 58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 500, 501, 900, 901,
	} {
		if i := p.Info(); i.Name == "" || i.Kind == KindUnknown || i.MaxLen == 0 {
			t.Errorf("%s: %+v", p, i)
		}
	}
	if Param(777).Info().Kind != KindUnknown || Param(7777).Info().Kind != KindUnknown || Param(7).String() != "007" || Param(21).String() != "021 destination address" {
		t.Error("unknown parameters")
	}
	for _, c := range []ErrorCode{
		1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 100, 101, 102, 103, 104, 105, 106, 107, 108, 300, 301, 302, 303, 304, 305, 306, 307, 308, 309, 310, 311, 312, 313, 314,
		315, 316, 318, 319, 320, 321, 322, 400, 401, 500, 501, 502, 600, 601, 602, 603, 800, 801, 900,
	} {
		temporary := c == 4 || c == 5 || c == 6 || c == 9 || c == 10 || c == 102
		if s := c.Text(); s == "Unknown error" || len(s) > 64 || c.Temporary() != temporary {
			t.Errorf("%d: %q, %v", c, s, c.Temporary())
		}
	}
	if ErrorCode(777).Error() != "777 Unknown error" || ErrDestination.Error() != "300 Incorrect destination address" {
		t.Error(ErrorCode(777).Error(), ErrDestination.Error())
	}
	for _, e := range []StatusError{
		1, 9, 11, 13, 15, 19, 20, 21, 22, 29, 30, 36, 44, 60, 61, 63, 64, 70, 72, 75, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 112, 113, 114,
	} {
		if strings.HasPrefix(e.String(), "status error") {
			t.Errorf("%d has no name", e)
		}
	}
	if !StatusError(29).Temporary() || StatusError(1).Temporary() || StatusError(500).Temporary() || StatusError(500).String() != "status error 500" {
		t.Error("status errors")
	}
}

func TestStatusAndReports(t *testing.T) {
	t.Parallel()
	wants := map[Status]Reports{
		StatusNone: 0, StatusInProcess: 1, StatusExpired: 2, StatusFailed: 4, StatusDelivered: 8, StatusNoResponse: 4, StatusLastNoResponse: 4,
		StatusCancelled: 16, StatusDeleted: 32, StatusDeletedByCancel: 16,
	}
	for s, bit := range wants {
		if strings.HasPrefix(s.String(), "status") || s.Final() != (s > 1) {
			t.Errorf("%d: %s, %v", s, s, s.Final())
		}
		for r := range ReportsAll + 1 {
			if r.Wants(s) != (r&bit != 0) {
				t.Errorf("mask %d and %s: %v", r, s, r.Wants(s))
			}
		}
	}
	if Status(10).String() != "status 10" || ReportsAll != 63 {
		t.Error("unknown status")
	}
}

func TestOperations(t *testing.T) {
	t.Parallel()
	for op := range Operation(maxOperation) + 1 {
		if op.Request() > op || op.Response().Request() != op.Request() {
			t.Errorf("%d: request %d, response %d", op, op.Request(), op.Response())
		}
	}
	if OpAlive.Response() != OpAliveResp || OpNack.IsResponse() || OpNack.Response() != OpNack || OpGeneralError.IsResponse() || OpSubmitResp.Request() != OpSubmit {
		t.Error("responses")
	}
	for op, name := range map[Operation]string{3: "submit", 53: "submit response", 7: "operation 7", 57: "operation 57", 99: "nack", 200: "operation 200"} {
		if op.String() != name || op.Known() == strings.HasPrefix(name, "operation") {
			t.Errorf("%d: %s", op, op)
		}
	}
	if OpAlive.FromSMSC() || OpAlive.FromApplication() || !OpDeliver.FromSMSC() || !OpSubmit.FromApplication() || Operation(7).FromApplication() {
		t.Error("who sends what")
	}
}

func TestTimes(t *testing.T) {
	t.Parallel()
	stockholm, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Skip(err)
	}
	at := time.Date(2026, 11, 21, 20, 26, 47, 999, time.UTC)
	if got := FormatTime(at, stockholm); got != "261121212647" {
		t.Errorf("%s is written as %s", at, got)
	}
	for s, want := range map[string]time.Time{
		"261121212647": at.Truncate(time.Second),
		"260721212647": time.Date(2026, 7, 21, 19, 26, 47, 0, time.UTC),
		"280229000000": time.Date(2028, 2, 28, 23, 0, 0, 0, time.UTC),
		"260329023000": time.Date(2026, 3, 29, 1, 30, 0, 0, time.UTC), // skipped in spring
	} {
		if got, err := ParseTime(s, stockholm); err != nil || !got.Equal(want) {
			t.Errorf("%s is %v, %v; want %v", s, got, err, want)
		}
	}
	for _, s := range []string{"", "26112121264", "2611212126477", "261321212647", "260229000000", "261100212647", "261121242647", "261121216047", "261121212660", "26112121264x"} {
		if _, err := ParseTime(s, stockholm); !errors.Is(err, ErrTime) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

// The lengths of 3GPP TS 23.040 9.2.3.12.1, and that a code is the shortest that is long enough.
func TestRelativeTimes(t *testing.T) {
	t.Parallel()
	for code, want := range map[int]time.Duration{
		0: 5 * time.Minute, 11: time.Hour, 143: 12 * time.Hour, 144: 12*time.Hour + 30*time.Minute, 167: 24 * time.Hour,
		168: 2 * 24 * time.Hour, 196: 30 * 24 * time.Hour, 197: 5 * 7 * 24 * time.Hour, 255: 63 * 7 * 24 * time.Hour,
	} {
		if got, ok := Relative(code); !ok || got != want {
			t.Errorf("%d is %s, want %s", code, got, want)
		}
	}
	for _, code := range []int{-1, 256} {
		if _, ok := Relative(code); ok {
			t.Errorf("%d has a length", code)
		}
	}
	for code := range 256 {
		d, _ := Relative(code)
		if RelativeCode(d) != code || RelativeCode(d-time.Second) != code || code < 255 && RelativeCode(d+time.Second) != code+1 {
			t.Errorf("%s has code %d, want %d", d, RelativeCode(d), code)
		}
	}
	if RelativeCode(0) != 0 || RelativeCode(1000*7*24*time.Hour) != 255 || RelativeCode(1<<63-1) != 255 {
		t.Error("beyond the ends")
	}
}
