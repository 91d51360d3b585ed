"""NVIDIA GPUs, through nvidia-ml-py where it is installed (`pip install 'tracker-core[gpu]'`)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

_DEVICES = ("/dev/nvidiactl", "/dev/dxg")  # the second under WSL


class Gpus:
    """The GPUs of this machine; none when there is no driver or no library, which is no error."""

    def __init__(self) -> None:
        self._nvml: Any = None
        self._handles: list[Any] = []
        if not any(Path(path).exists() for path in _DEVICES):
            return
        try:
            import pynvml
        except ImportError:
            return
        try:
            pynvml.nvmlInit()
            count = pynvml.nvmlDeviceGetCount()
            self._handles = [pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(count)]
        except pynvml.NVMLError:
            return
        self._nvml = pynvml

    def facts(self) -> dict[str, Any]:
        """Names, memory and the driver's CUDA version."""
        if not self._handles:
            return {}
        nvml = self._nvml
        gpus = [
            {"name": self._ask(nvml.nvmlDeviceGetName, handle), "memory": self._memory(handle, "total")}
            for handle in self._handles
        ]
        facts: dict[str, Any] = {"gpu": gpus, "gpu_count": len(gpus)}
        if (driver := self._ask(nvml.nvmlSystemGetDriverVersion)) is not None:
            facts["gpu_driver"] = driver
        if (version := self._ask(nvml.nvmlSystemGetCudaDriverVersion)) is not None:
            facts["cuda"] = f"{version // 1000}.{version % 1000 // 10}"
        if (visible := os.environ.get("CUDA_VISIBLE_DEVICES")) is not None:
            facts["cuda_visible_devices"] = visible
        return facts

    def sample(self) -> dict[str, float]:
        """What `system.gpu.<i>.` holds: `gpu` and `memory` in percent of time busy, `memoryAllocatedBytes`, ..."""
        values: dict[str, float | None] = {}
        nvml = self._nvml
        for index, handle in enumerate(self._handles):
            prefix = f"system.gpu.{index}."
            busy = self._ask(nvml.nvmlDeviceGetUtilizationRates, handle)
            values[f"{prefix}gpu"] = getattr(busy, "gpu", None)
            values[f"{prefix}memory"] = getattr(busy, "memory", None)
            used, total = self._memory(handle, "used"), self._memory(handle, "total")
            values[f"{prefix}memoryAllocatedBytes"] = used
            values[f"{prefix}memoryAllocated"] = 100 * used / total if used is not None and total else None
            values[f"{prefix}temp"] = self._ask(nvml.nvmlDeviceGetTemperature, handle, nvml.NVML_TEMPERATURE_GPU)
            power = self._ask(nvml.nvmlDeviceGetPowerUsage, handle)
            limit = self._ask(nvml.nvmlDeviceGetEnforcedPowerLimit, handle)
            values[f"{prefix}powerWatts"] = power / 1000 if power is not None else None
            values[f"{prefix}powerPercent"] = 100 * power / limit if power is not None and limit else None
        return {name: float(value) for name, value in values.items() if value is not None}

    def _memory(self, handle: Any, field: str) -> int | None:
        return getattr(self._ask(self._nvml.nvmlDeviceGetMemoryInfo, handle), field, None)

    def _ask(self, function: Any, *arguments: Any) -> Any:
        """One answer of the driver; None for what this GPU cannot tell."""
        try:
            answer = function(*arguments)
        except self._nvml.NVMLError:
            return None
        return answer.decode() if isinstance(answer, bytes) else answer
