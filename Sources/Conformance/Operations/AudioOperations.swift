let audioOperations: [any Operation.Type] = [
  Resample.self, ShortTimeFourierTransform.self, InverseShortTimeFourierTransform.self, MelFilterBank.self,
  MelSpectrogram.self, LogScaling.self, LogMelSpectrogram.self, InverseMelScale.self, GriffinLim.self,
  AuditoryFilterBank.self,
]
