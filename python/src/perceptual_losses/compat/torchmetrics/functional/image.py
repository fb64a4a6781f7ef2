"""The functions under the name that torchmetrics.functional.image gives them."""

from . import multiscale_structural_similarity_index_measure, structural_similarity_index_measure

__all__ = ["multiscale_structural_similarity_index_measure", "structural_similarity_index_measure"]
