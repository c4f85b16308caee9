package simulate_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/internal/simulate"
)

func Example() {
	outbreak, err := simulate.ParseAttack("scan:1@2m")
	if err != nil {
		fmt.Println(err)
		return
	}
	fleet, err := simulate.New(simulate.Settings{
		Terminals: 50,
		Start:     record.MicrosOf(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)),
		Duration:  10 * record.Minute,
		Seed:      1,
		Attacks:   []simulate.Attack{outbreak},
		Lifelike:  true,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	counts := map[record.Kind]int{}
	for {
		var t raw.Telemetry
		if err := fleet.Next(&t); errors.Is(err, io.EOF) {
			break
		}
		counts[t.Kind]++
	}
	fmt.Println("sessions:", counts[record.KindSession])
	if err := fleet.WriteTruth(os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// sessions: 66
	// source,label,start,end,exceptionId,kind,class
	// imsi-001010000000034,malicious,2026-03-02T08:02:01.686080Z,,WRONG_DESTINATION_ADDRESS,scan,meter
}
