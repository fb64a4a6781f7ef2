#include "perceptual-mpi.h"

#ifdef PERCEPTUAL_MPI

#include <mpi.h>

void perceptual_mpi_join(int *rank, int *count) {
  int level;
  MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &level);
  MPI_Comm_rank(MPI_COMM_WORLD, rank);
  MPI_Comm_size(MPI_COMM_WORLD, count);
}

void perceptual_mpi_leave(void) { MPI_Finalize(); }

void perceptual_mpi_gather(void *memory, const int *bytes, const int *places) {
  MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, memory, bytes, places, MPI_BYTE, MPI_COMM_WORLD);
}

void perceptual_mpi_exchange(
  const void *source, const int *sent, const int *sent_places, void *destination, const int *received,
  const int *received_places) {
  MPI_Alltoallv(
    source, sent, sent_places, MPI_BYTE, destination, received, received_places, MPI_BYTE, MPI_COMM_WORLD);
}

void perceptual_mpi_broadcast(void *memory, int bytes) { MPI_Bcast(memory, bytes, MPI_BYTE, 0, MPI_COMM_WORLD); }

#endif
