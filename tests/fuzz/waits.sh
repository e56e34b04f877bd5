#!/bin/sh
# The process of the function whose side of the Runtime API the target `runtime_port` plays: says where that is, and waits for the target's end.
echo "$AWS_LAMBDA_RUNTIME_API"
while kill -0 "$PPID" 2>/dev/null; do sleep 1; done
