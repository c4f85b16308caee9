// Command cordonctl is what people use Cordon with: replay and backtest
// captures, watch and explain verdicts, set up topics and keys, look for what is
// wrong. A command lies in the file of its name, and what is large of it beside
// that.
//
// Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 a needed
// system is not reachable, 4 done but some input was rejected.
package main

import (
	"context"
	"os"

	"cordon/internal/service"
)

func main() {
	os.Exit(service.Run(func(ctx context.Context) error {
		return execute(ctx, root())
	}, service.Options{Program: "cordonctl"}))
}
